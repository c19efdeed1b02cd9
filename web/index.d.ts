// SPDX-License-Identifier: MIT
// A machine: Linux, and programs on it.  The same in Node (24 or newer) and in a page.

/** What a bytes-taking function takes; a string is UTF-8. */
export type Data = string | Uint8Array | ArrayBuffer;

/** A file by its contents, or with a mode; a symbolic link; or a directory. */
export type TreeNode = Data | { file: Data; mode?: number } | { link: string } | { directory: Tree; mode?: number } | Tree;
/** Names are paths: 'bin/hello' makes bin.  A file that is a program or script is executable. */
export interface Tree { [path: string]: TreeNode }

/** A tree, or the bytes of a tar archive, perhaps gzip'ed. */
export type Files = Tree | Uint8Array | ArrayBuffer | Blob;

export interface BootOptions {
  /** Of the machine, in bytes: 32 MiB to 3328 MiB; 256 MiB. */
  memory?: number;
  /** What the root file system has besides /dev, /proc, /run, /sys and /tmp. */
  root?: Files;
  /** Kernel parameters. */
  cmdline?: string;
  /** Of the machine's own terminal. */
  columns?: number;
  rows?: number;
  /** What the kernel says. */
  log?(text: string): void;
  /** Why a file was not taken for a program. */
  refused?(why: string): void;
  /**
   * false: share no memory between threads, as where that is not possible: in a page that is not
   * crossOriginIsolated.  Programs are then slower, and hear of input and signals some ms later.
   */
  shared?: boolean;
  /** In Node: the file descriptor that shows the machine's own terminal. */
  terminal?: number;
}

export interface MountOptions {
  readOnly?: boolean;
  /** Of a tree or archive: bytes that its files may have in all; 1 GiB. */
  size?: number;
}

/** 'pipe': the process has the other end; 'inherit', or a file descriptor: in Node alone. */
export type Input = 'pipe' | 'ignore' | 'inherit' | null | number | Data | ReadableStream<Uint8Array>;
export type Output = 'pipe' | 'ignore' | 'inherit' | null | number | WritableStream<Uint8Array>;

export interface SpawnOptions {
  /** Added to PATH, HOME, USER and TERM; a list of NAME=VALUE is all that there is. */
  env?: Record<string, string> | string[];
  cwd?: string;
  /** The program's first argument, if it is not its path. */
  argv0?: string;
  uid?: number;
  gid?: number;
  groups?: number[];
  umask?: number;
  stdin?: Input;
  stdout?: Output;
  stderr?: Output;
  /** Its files 0, 1 and 2. */
  terminal?: Terminal;
}

/** One of the two is null. */
export interface Exit { code: number | null; signal: string | null }

export class Process {
  /** null unless it is a pipe.  Writing waits until the program reads. */
  readonly stdin: WritableStream<Uint8Array | string> | null;
  /** null unless it is a pipe.  A program waits when 256 KiB are not read; nobody reads after cancel(). */
  readonly stdout: ReadableStream<Uint8Array> | null;
  readonly stderr: ReadableStream<Uint8Array> | null;
  wait(): Promise<Exit>;
  /** 'SIGTERM', or its number; group: to its whole process group. */
  kill(signal?: string | number, options?: { group?: boolean }): void;
}

export class Terminal {
  readonly columns: number;
  readonly rows: number;
  /** What it shows. */
  readonly output: ReadableStream<Uint8Array>;
  /** What is typed. */
  write(data: Data): Promise<void>;
  resize(columns: number, rows: number): void;
}

export interface Task {
  pid: number; parent: number; group: number; session: number; name: string;
  /** As in /proc/PID/stat. */
  state: string;
  /** Of processor time, 100 a second. */
  ticks: number; threads: number;
  /** Of its address space. */
  bytes: number;
}

export class Machine {
  static boot(options?: BootOptions): Promise<Machine>;
  /**
   * A file of a machine that has booted, with its root and memory, for restore().  It is for the
   * same version of this package, and as trusted as what is in it: a kernel, and programs.
   */
  static snapshot(options?: Pick<BootOptions, 'memory' | 'root' | 'cmdline'>): Promise<Uint8Array>;
  /** As boot(), from there: time, random numbers and what is mounted are its own. */
  static restore(image: Uint8Array | ArrayBuffer, options?: Omit<BootOptions, 'memory' | 'root' | 'cmdline'>): Promise<Machine>;

  /** ms from the kernel's first instruction, or from the begin of restore(), until /init was ready. */
  readonly bootTime: number;
  /** Its own, /dev/ttyW0. */
  readonly terminal: Terminal;
  /** Why it went down; '' if it was switched off. */
  readonly down: Promise<string>;

  /**
   * A tree or an archive: its files are in memory, and changes are lost.  In Node, hostDirectory();
   * in a page, a FileSystemDirectoryHandle of navigator.storage: it is read once, and
   * what the machine changes is written to it.
   */
  mount(what: Files | HostDirectory | FileSystemDirectoryHandle, path: string, options?: MountOptions): Promise<void>;
  /** Resolves when the program has been executed; rejects if it cannot be. */
  spawn(path: string, args?: string[], options?: SpawnOptions): Promise<Process>;
  /** One more, /dev/pts/N; one program at a time is spawned in it. */
  openTerminal(size?: { columns?: number; rows?: number }): Terminal;
  readFile(path: string): Promise<Uint8Array>;
  writeFile(path: string, data: Data): Promise<void>;
  /** All processes, kernel threads included. */
  tasks(): Promise<Task[]>;
  /**
   * For each system call that a program makes from now on, as text; null ends it.  A call
   * is shown when it returns.  Of those that are made faster than they are taken some are left out, and
   * counted, with pid 0.
   */
  trace(see: ((call: { pid: number; text: string }) => void) | null): void;
  /** Resolves when what was changed so far in directories of the browser has been written. */
  stored(): Promise<void>;
  /** Switches it off: programs are killed, files written. */
  close(): Promise<void>;
  /** The same at once, as pulling the plug. */
  terminate(): void;
}

/** code is an errno's name: 'ENOENT'; 'ESHUTDOWN' when the machine is down. */
export class MachineError extends Error { code: string }

/** What a machine needs and is not here, with the reason, for people; empty if nothing. */
export function missing(): { what: string; why: string }[];

/** In Node. */
export interface HostDirectory { readonly path: string }
/** In Node: for mount().  No symbolic link leads out of it.  only: the one name in it that there is. */
export function hostDirectory(path: string, options?: { only?: string }): HostDirectory;
/** In Node: a terminal of the process becomes the machine's own, in raw mode; call the result to end that. */
export function connectTerminal(machine: Machine, input?: object, output?: object): () => void;
