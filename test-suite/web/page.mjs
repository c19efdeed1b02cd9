// SPDX-License-Identifier: MIT
// page.mjs SITE [SCREENSHOT]: drives the page in a browser.  TAP; a screenshot of a shell, if asked for.
// CK_RUN_CASE is one test that is run alone.
import assert from 'node:assert/strict';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { Browser } from './browser.mjs';

const [, , site, screenshot] = process.argv;
const { serve } = await import(pathToFileURL(path.join(site, '../serve.js')).href);
const good = await serve(site), plain = await serve(site, 0, { headers: {} });
const url = (server, query) => `http://localhost:${server.address().port}/?${query}`;
const b = await Browser.start();
const nap = ms => new Promise(resolve => { setTimeout(resolve, ms); });
let visit = 0, last = 0, failed = 0;

// Of a tab: what its screen shows, as text.
const SCREEN = id => `(() => {
  const { active } = muslin.tabs.get(${id}).screen.buffer, lines = [];
  for (let i = 0; i < active.length; i++) lines.push(active.getLine(i).translateToString(true));
  return lines.join('\\n').trimEnd();
})()`;
const screen = id => b.run(SCREEN(id));
const shows = (id, text) => b.until(`${SCREEN(id)}.includes(${JSON.stringify(text)})`);

async function visits(run, server = good) {
  await b.open(url(server, `run=${run}&visit=${++visit}`));
  await b.until(`location.search.endsWith('visit=${visit}') && globalThis.muslin`);
}

async function test(name, fn) {
  const { CK_RUN_CASE: only } = process.env;
  if (only && only !== name) return;
  last++;
  b.log.length = 0;
  try {
    await fn();
    console.log(`ok ${last} - ${name}`);
  } catch (e) {
    failed++;
    const seen = (await screen(1).catch(() => "no terminal")).slice(-1500);
    console.log(`not ok ${last} - ${name}\n${[e.stack, ...b.log, seen].join('\n').replace(/^/gm, '# ')}`);
  }
}

await test('goes_on_and_shows_what_a_program_writes', async () => {
  await visits('/usr/bin/hello');
  await shows(1, '[ended: 0]');
  assert.match(await screen(1), /^Hello from Linux \S+ on wasm, process \d+\n/);
  assert.match(await b.run('document.getElementById("status").textContent'), /^Linux went on in/);
});

await test('boots_where_there_is_no_image', async () => {
  await b.open(url(good, `run=/usr/bin/hello&memory=128&visit=${++visit}`));
  await b.until(`location.search.endsWith('visit=${visit}') && globalThis.muslin`);
  await shows(1, '[ended: 0]');
  assert.match(await b.run('document.getElementById("status").textContent'), /^Linux booted in/);
});

const inLua = async server => {
  await visits('/usr/bin/lua', server);
  await shows(1, '>');
};

// Where no memory is shared.
await test('runs_without_the_headers', async () => {
  await inLua(plain);
  assert.equal(await b.run('crossOriginIsolated'), false);
  await b.type('print("lo" .. "ops") while true do end\n');
  await shows(1, '\nloops');
  await b.control('c');
  await shows(1, 'interrupted!');
  await b.run('document.getElementById("new").click()');
  await shows(2, '>');
  await b.type('print("sp" .. "ins") while true do end\n');
  await shows(2, '\nspins');
  await b.run('muslin.choose(1)');
  await b.type('print(6 * 7)\n');
  await shows(1, '\n42\n>');
});

await test('says_which_browser_to_take', async () => {
  const { identifier } = await b.send('Page.addScriptToEvaluateOnNewDocument', { source: 'delete WebAssembly.promising;' });
  try {
    await b.open(url(good, 'run=/usr/bin/hello'));
    await b.until('!document.getElementById("missing").hidden');
    assert.match(await b.run('document.getElementById("why").textContent'), /^JSPI.*Chromium.*137.*Firefox.*Safari/);
  } finally {
    await b.send('Page.removeScriptToEvaluateOnNewDocument', { identifier });
  }
});

await test('gives_what_is_typed_to_the_program', async () => {
  await inLua();
  await b.type('print(6 * 7)\n');
  await shows(1, '\n42\n>');
});

await test('interrupts_a_loop_by_control_c', async () => {
  await inLua();
  await b.type('print("lo" .. "ops") while true do end\n');
  await shows(1, '\nloops');
  await b.control('c');
  await shows(1, 'interrupted!');
  await b.type('print("goes" .. " on")\n');
  await shows(1, '\ngoes on\n');
});

await test('has_colours_and_other_letters', async () => {
  await inLua();
  await b.type('print("\\27[2J\\27[H\\27[32;1mgr\\195\\188n\\27[m")\n');
  await shows(1, 'grün\n>');
  const cell = `(() => { const c = muslin.tabs.get(1).screen.buffer.active.getLine(muslin.tabs.get(1).screen.buffer.active.baseY).getCell(0);
    return [c.getChars(), c.getFgColor(), c.isBold() !== 0]; })()`;
  assert.deepEqual(await b.run(cell), ['g', 2, true]);
});

await test('pastes_and_selects', async () => {
  await inLua();
  await b.type('print("gr\\195\\188n")\n');
  await b.run('muslin.tabs.get(1).screen.paste("print(#\\"" + "x".repeat(400) + "\\")")');
  await b.type('\n');
  await shows(1, '\n400\n>');
  assert.match(await b.run('(() => { const s = muslin.tabs.get(1).screen; s.selectAll(); return s.getSelection(); })()'), /grün/);
});

await test('has_several_terminals_on_one_machine', async () => {
  await inLua();
  await b.run('document.getElementById("new").click()');
  await shows(2, '>');
  await b.type('io.open("/tmp/shared", "w"):write("by two"):close() print("it " .. "is") while true do end\n');
  await shows(2, '\nit is');
  await b.run('muslin.choose(1)');
  await b.type('print(io.open("/tmp/shared"):read("a"))\n');
  await shows(1, '\nby two\n');
});

await test('lists_processes', async () => {
  await inLua();
  await b.run('document.getElementById("show").click()');
  await b.until('(document.getElementById("tasks").textContent.match(/lua/g) ?? []).length === 1');
  await b.run('document.getElementById("show").click()');
});

await test('shows_system_calls', async () => {
  await inLua();
  await b.run('document.getElementById("watch").click()');
  await b.run('muslin.choose(1)');
  await b.type('os.remove("/no/file")\n');
  await b.until('/\\[\\d+\\] unlink(at)?\\(.*"\\/no\\/file".*\\) = -2/.test(document.getElementById("lines").textContent)');
  await b.run('document.getElementById("watch").click()');
  await b.run('document.getElementById("lines").textContent = ""');
  await b.run('muslin.choose(1)');
  await b.type('print("q" .. "uiet")\n');
  await shows(1, '\nquiet');
  assert.equal(await b.run('document.getElementById("lines").textContent'), '');
});

await test('tells_the_program_the_size_of_the_window', async () => {
  await inLua();
  const of = async id => b.run(`(({ rows, cols }) => rows + " " + cols)(muslin.tabs.get(${id}).screen)`);
  const before = await of(1);
  await b.send('Emulation.setDeviceMetricsOverride', { width: 700, height: 400, deviceScaleFactor: 1, mobile: false });
  await b.until(`(({ rows, cols }) => rows + " " + cols !== ${JSON.stringify(before)})(muslin.tabs.get(1).screen)`);
  await b.run('void muslin.open(["/usr/bin/stty", "size"])');
  await shows(2, '[ended: 0]');
  assert.equal((await screen(2)).split('\n')[0], await of(2));
  await b.send('Emulation.clearDeviceMetricsOverride');
});

await test('takes_files_and_keeps_them', async () => {
  await inLua();
  const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'muslin-page-')), 'up.lua'), text = 'print("up" .. "loaded")\n';
  fs.writeFileSync(file, text);
  const { root } = await b.send('DOM.getDocument'), { nodeId } = await b.send('DOM.querySelector', { nodeId: root.nodeId, selector: '#files' });
  await b.send('DOM.setFileInputFiles', { files: [file], nodeId });
  await b.until('document.getElementById("status").textContent.includes("uploaded")');
  fs.rmSync(path.dirname(file), { recursive: true });
  await b.run('muslin.machine.stored()');
  await visits('/usr/bin/lua,/home/up.lua');
  await shows(1, 'uploaded\n');
  assert.equal(await b.run('muslin.machine.readFile("/home/up.lua").then(x => new TextDecoder().decode(x))'), text);
});

await test('runs_an_editor', async () => {
  await visits('/usr/bin/vi,/home/edited');
  await shows(1, '~');
  await b.type('ifirst line\nsecond');
  await shows(1, '\nI /home/edited');
  await b.key('Escape');
  await shows(1, '\n- /home/edited');	// or it begins the name of a key
  await b.type(':wq\n');
  await shows(1, '[ended: 0]');
  assert.equal(await b.run('muslin.machine.readFile("/home/edited").then(x => new TextDecoder().decode(x))'), 'first line\nsecond\n');
});

await test('runs_a_shell_with_jobs', async () => {
  await visits('/bin/sh,-l');
  await shows(1, '/home $');
  await b.type('(exit 3); echo "left $?"\n');
  await shows(1, 'left 3\n');
  await b.type('uname -a; ls -l /usr/src; seq 1 20000 | sort -rn | head -n 2 | tr "\\n" " "; echo\n');
  await shows(1, '20000 19999 \n');
  await b.type('sleep 1000 | cat &\njobs; kill %1; sleep 1; jobs\n');
  await shows(1, 'Terminated');
  await b.type('echo "lo"ops; while :; do :; done\n');
  await shows(1, '\nloops');
  await b.control('c');
  await b.type('echo "sle"eps; sleep 1000\n');
  await shows(1, '\nsleeps');
  await b.control('z');
  await shows(1, 'Stopped');
  await b.type('hello | cat; lua -e "print(_VERSION, 6 * 7)"\n');
  await shows(1, 'Lua 5.4 42');
});

await test('has_a_database', async () => {
  await visits('/usr/bin/sqlite3,/home/data.db');
  await shows(1, 'sqlite>');
  await b.type('create table if not exists t(n); insert into t with recursive c(n) as (select 1 union all select n + 1 from c where n < 1000) select n from c; select \'sum\', sum(n) from t;\n');
  await shows(1, 'sum|500500');
  await b.type('.quit\n');
  await shows(1, '[ended: 0]');
  await b.run('muslin.machine.stored()');
  await visits(encodeURIComponent('/usr/bin/sqlite3,/home/data.db,select max(n) || \' kept\' from t'));
  await shows(1, '1000 kept');
});

if (screenshot) {
  await b.send('Emulation.setDeviceMetricsOverride', { width: 900, height: 460, deviceScaleFactor: 1, mobile: false });
  await nap(500);
  await b.screenshot(screenshot);
}
await b.end();
console.log(`1..${last}\n${last - failed} passed, ${failed} failed, 0 skipped`);
process.exit(failed ? 1 : 0);
