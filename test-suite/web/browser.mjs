// SPDX-License-Identifier: MIT
// A browser without a window, driven by its DevTools protocol.
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

const AGAIN_MS = 50;
const KEYS = { Enter: [13, '\r'], Tab: [9, '\t'], Escape: [27], ArrowUp: [38], Backspace: [8] };

export class Browser {
  static async start(program = 'chromium') {
    const profile = fs.mkdtempSync(path.join(os.tmpdir(), 'muslin-browser-'));
    const child = spawn(program, ['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--remote-debugging-port=0',
      `--user-data-dir=${profile}`, '--window-size=1000,640', 'about:blank'], { stdio: ['ignore', 'ignore', 'pipe'] });
    const url = await new Promise((resolve, reject) => {
      let text = '';
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`${program} ended:\n${text}`)));
      child.stderr.on('data', b => {
        text += b;
        const [, found] = /DevTools listening on (\S+)/.exec(text) ?? [];
        if (found) resolve(found);
      });
    });
    const socket = new WebSocket(url);
    await new Promise((resolve, reject) => { socket.onopen = resolve; socket.onerror = reject; });
    return new Browser(child, profile, socket);
  }

  constructor(child, profile, socket) {
    Object.assign(this, { child, profile, socket, last: 0, calls: new Map(), log: [] });
    socket.onmessage = ({ data }) => this.heard(JSON.parse(data));
  }
  heard({ id, result, error, method, params }) {
    if (method === 'Runtime.consoleAPICalled') this.log.push(params.args.map(a => a.value ?? a.description).join(' '));
    if (method === 'Runtime.exceptionThrown') this.log.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
    const call = this.calls.get(id);
    if (!call) return;
    this.calls.delete(id);
    if (error) call.reject(new Error(`${call.method}: ${error.message}`)); else call.resolve(result);
  }
  send(method, params = {}, sessionId = this.session) {
    const id = ++this.last;
    return new Promise((resolve, reject) => {
      this.calls.set(id, { resolve, reject, method });
      this.socket.send(JSON.stringify({ id, method, params, sessionId }));
    });
  }

  async open(url) {
    if (!this.session) {
      const { targetInfos } = await this.send('Target.getTargets'), { targetId } = targetInfos.find(t => t.type === 'page');
      ({ sessionId: this.session } = await this.send('Target.attachToTarget', { targetId, flatten: true }));
      for (const domain of ['Page', 'Runtime', 'DOM']) await this.send(`${domain}.enable`);
    }
    await this.send('Page.navigate', { url });
  }
  async run(expression) {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }
  // Until the expression is true of the page.
  async until(expression, ms = 120000) {
    for (const end = Date.now() + ms; ;) {
      let value = null;
      try {
        value = await this.run(`!!(${expression})`);
      } catch { /* the page is not so far */ }
      if (value) return value;
      if (Date.now() > end) throw new Error(`never: ${expression}`);
      await new Promise(resolve => { setTimeout(resolve, AGAIN_MS); });
    }
  }
  async key(key, modifiers = 0) {
    const [code, text] = KEYS[key] ?? [key.toUpperCase().charCodeAt(0)];
    const common = { key, code: KEYS[key] ? key : `Key${key.toUpperCase()}`, windowsVirtualKeyCode: code, modifiers };
    await this.send('Input.dispatchKeyEvent', { ...common, type: text && !modifiers ? 'keyDown' : 'rawKeyDown', text: modifiers ? undefined : text });
    await this.send('Input.dispatchKeyEvent', { ...common, type: 'keyUp' });
  }
  async type(text) {
    for (const c of text) {
      if (c === '\n') await this.key('Enter');
      else await this.send('Input.dispatchKeyEvent', { type: 'char', text: c });
    }
  }
  control(c) { return this.key(c, 2); }
  async screenshot(file) {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png' });
    fs.writeFileSync(file, Buffer.from(data, 'base64'));
  }
  async end() {
    const gone = new Promise(resolve => { this.child.on('exit', resolve); });
    await this.send('Browser.close', {}, undefined).catch(() => this.child.kill());
    await gone;
    fs.rmSync(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
