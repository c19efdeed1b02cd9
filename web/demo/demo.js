// SPDX-License-Identifier: MIT
// The page: terminals of one machine.  ?run=/bin/PROGRAM,ARG runs something else than a shell.  It goes on
// from machine.image; ?root=URL boots with another root file system (tar), ?memory=MiB with another size.
import { Machine, missing } from './muslin/browser-api.js';
import { Terminal as Screen } from './xterm/lib/xterm.mjs';
import { FitAddon } from './fit/lib/addon-fit.mjs';

const TASKS_MS = 1000, TICKS = 100 /* of /proc, a second */, KTHREADD = 2;
const $ = id => document.getElementById(id);
const query = new URLSearchParams(location.search);
const command = (query.get('run') ?? '/bin/sh,-l').split(',');
const theme = { background: '#16161c', foreground: '#d8d8e0', cursor: '#d8d8e0', selectionBackground: '#50506a' };
const tabs = new Map();
let machine, chosen = null, last = 0;

const say = text => { $('status').textContent = text; };
const complain = e => { say(e.message.split('\n')[0]); console.error(e); };

function explain(lacks) {
  $('missing').hidden = false;
  $('terminals').hidden = true;
  for (const { what, why } of lacks) {
    const li = document.createElement('li');
    li.textContent = `${what}: ${why}.`;
    $('why').append(li);
  }
  say('not supported');
}

// Ctrl-Shift-C and -V, since Ctrl-C is the terminal's.
function keys(screen) {
  screen.attachCustomKeyEventHandler(e => {
    if (e.type !== 'keydown' || !e.ctrlKey || !e.shiftKey) return true;
    if (e.code === 'KeyC') navigator.clipboard.writeText(screen.getSelection()).catch(complain);
    else if (e.code === 'KeyV') navigator.clipboard.readText().then(t => screen.paste(t)).catch(complain);
    else return true;
    e.preventDefault();
    return false;
  });
}

function choose(id) {
  chosen = id;
  for (const [n, t] of tabs) {
    t.box.classList.toggle('chosen', n === id);
    t.button.classList.toggle('chosen', n === id);
  }
  tabs.get(id)?.fit.fit();
  tabs.get(id)?.screen.focus();
}

async function open([program, ...args] = command) {
  const id = ++last, box = document.createElement('div'), button = document.createElement('button');
  box.className = 'terminal-box';
  button.textContent = id;
  button.onclick = () => choose(id);
  $('terminals').append(box);
  $('tabs').append(button);
  const screen = new Screen({ fontFamily: 'DejaVu Sans Mono, monospace', fontSize: 14, cursorBlink: true, scrollback: 5000, theme }), fit = new FitAddon();
  screen.loadAddon(fit);
  screen.open(box);
  tabs.set(id, { box, button, screen, fit });
  keys(screen);
  choose(id);

  const terminal = machine.openTerminal({ columns: screen.cols, rows: screen.rows });
  terminal.output.pipeTo(new WritableStream({ write: b => new Promise(done => { screen.write(b, done); }) })).catch(complain);
  screen.onData(d => terminal.write(d).catch(() => {}));
  screen.onBinary(d => terminal.write(Uint8Array.from(d, c => c.charCodeAt(0))).catch(() => {}));
  screen.onResize(({ cols, rows }) => terminal.resize(cols, rows));
  try {
    const p = await machine.spawn(program, args, { terminal, cwd: '/home', env: { HOME: '/home', PS1: '$PWD $ ' } });
    const { code, signal } = await p.wait();
    screen.write(`\r\n[ended: ${signal ?? code}]\r\n`);
  } catch (e) {
    screen.write(`\r\n${e.message.replace(/\n/g, '\r\n')}\r\n`);
  }
  button.title = 'ended';
  tabs.get(id).ended = true;
}

// --- files ---

async function upload(list) {
  for (const f of list) await machine.writeFile(`/home/${f.name.replace(/\//g, '_')}`, new Uint8Array(await f.arrayBuffer()));
  say(`${list.length} uploaded to /home`);
}
async function download() {
  const path = prompt('Which file of the machine?', '/home/');
  if (!path) return;
  const a = document.createElement('a');
  a.href = URL.createObjectURL(new Blob([await machine.readFile(path)]));
  a.download = path.split('/').at(-1);
  a.click();
  setTimeout(() => URL.revokeObjectURL(a.href), TASKS_MS);
}

// --- processes ---

async function showTasks() {
  if ($('side').hidden) return;
  const rows = (await machine.tasks()).filter(t => t.pid !== KTHREADD && t.parent !== KTHREADD).map(t => {
    const tr = document.createElement('tr');
    for (const v of [t.pid, t.parent, t.state, (t.ticks / TICKS).toFixed(2), `${(t.bytes / 1048576).toFixed(1)} MiB`, t.name]) tr.insertCell().textContent = v;
    return tr;
  });
  $('tasks').replaceChildren(...rows);
  setTimeout(() => showTasks().catch(complain), TASKS_MS);
}

// --- system calls ---

const LINES = 500;
let lines = [], drawn = true;

function draw() {
  drawn = true;
  $('lines').textContent = lines.join('\n');
  $('calls').scrollTop = $('calls').scrollHeight;
}
function see({ pid, text }) {
  lines.push(`${pid ? `[${pid}] ` : ''}${text}`);
  if (lines.length > LINES) lines = lines.slice(-LINES);
  if (drawn) requestAnimationFrame(draw);
  drawn = false;
}
function watch() {
  const hidden = $('calls').hidden = !$('calls').hidden;
  lines = [];
  machine.trace(hidden ? null : see);
  tabs.get(chosen)?.fit.fit();
}

async function home() {
  try {
    navigator.storage.persist?.();
    return await (await navigator.storage.getDirectory()).getDirectoryHandle('home', { create: true });
  } catch (e) {
    console.warn(`no storage, /home is in memory: ${e.message}`);
    return {};
  }
}

async function get(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status} ${response.statusText}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function start() {
  const lacks = missing();
  if (lacks.length) return explain(lacks);
  const from = performance.now(), boots = query.has('root') || query.has('memory'), hears = { log: t => console.log(t), refused: t => console.warn(t) };
  const bytes = await get(boots ? query.get('root') ?? 'root.tar.gz' : 'machine.image');
  machine = boots ? await Machine.boot({ root: bytes, memory: (query.get('memory') ?? 256) * 2 ** 20, ...hears }) : await Machine.restore(bytes, hears);
  machine.down.then(why => say(why || 'switched off'));
  await machine.mount(await home(), '/home');
  say(`Linux ${boots ? 'booted' : 'went on'} in ${Math.round(machine.bootTime)} ms, ${Math.round(performance.now() - from)} ms after the page`);
  $('new').onclick = () => open();
  $('upload').onclick = () => $('files').click();
  $('files').onchange = () => upload([...$('files').files]).catch(complain);
  $('download').onclick = () => download().catch(complain);
  $('show').onclick = () => { $('side').hidden = !$('side').hidden; tabs.get(chosen)?.fit.fit(); showTasks().catch(complain); };
  $('watch').onclick = watch;
  new ResizeObserver(() => tabs.get(chosen)?.fit.fit()).observe($('terminals'));
  addEventListener('dragover', e => e.preventDefault());
  addEventListener('drop', e => { e.preventDefault(); upload([...e.dataTransfer.files]).catch(complain); });
  open();
  // for who drives the page
  Object.assign(globalThis, { muslin: { machine, tabs, open, choose } });
}

start().catch(complain);
