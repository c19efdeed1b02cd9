# SPDX-License-Identifier: MIT
"""cli/serve, by examples/client.py: silent if all is well."""
import json
import os
import socket
import stat
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ['TOP'], 'examples'))
sys.dont_write_bytecode = True
from client import Connection, Error, Server  # noqa: E402

server = Server('socket')


def want(what, expected, actual):
    if expected != actual:
        print('%s: want %r, not %r' % (what, expected, actual))


def refused(status, text, call, *args, **options):
    try:
        call(*args, **options)
        print('%r %r: not refused' % (args, options))
    except Error as e:
        want('%r %r' % (args, options), (status, text), (e.status, str(e)))


def programs(m):
    r = m.exec(['/w/prog', 'say', 'out', 'err'])
    want('say', (0, None, b'out\n', b'err\n'), (r.exit, r.signal, r.stdout, r.stderr))
    want('exit', 42, m.exec(['/w/prog', 'exit', '42']).exit)
    want('signal', (None, 11), (lambda r: (r.exit, r.signal))(m.exec(['/w/prog', 'die', '11'])))
    want('stdin', 'grüße\n'.encode(), m.exec(['/w/prog', 'cat'], stdin='grüße\n').stdout)
    want('much', 3000000, len(m.exec(['/w/prog', 'cat'], stdin='x' * 3000000).stdout))
    want('no text', b'\xff\0z', m.exec(['/w/prog', 'bytes']).stdout)
    lines = m.exec(['/w/prog', 'tell'], env=['A=1', 'B=2'], cwd='/tmp', uid=7, gid=8).stdout
    want('tell', [b'uid 7 gid 8 groups', b'A=1', b'B=2'],
         [line for line in lines.splitlines() if not line.startswith(b'cwd')])
    want('cwd', True, b'\ncwd /tmp host muslin ' in lines)
    start = time.time()
    got = [(what, time.time() - start if what == 'stdout' else 0)
           for what, data in m.stream(['/w/prog', 'slow'])]
    want('stream', ['stdout'] * 3 + ['end'], [what for what, t in got])
    want('as it comes', True, got[0][1] < got[2][1] - .2)


def files(m):
    m.write('/tmp/a file', b'contents\0\xff', 0o600)
    want('read', b'contents\0\xff', m.read('/tmp/a file'))
    m.write('/tmp/large', b'0123456789' * 500000)
    want('large', 5000000, len(m.read('/tmp/large')))
    m.write('/tmp/empty', b'')
    want('empty', b'', m.read('/tmp/empty'))
    refused(404, 'No such file or directory', m.read, '/tmp/none')
    refused(404, 'No such file or directory', m.read, '/../../../etc/shadow')
    refused(422, 'Is a directory', m.read, '/tmp')
    refused(422, 'Invalid argument', m.read, '/dev/zero')
    refused(403, 'Read-only file system', m.write, '/w/new', b'')


def wrong(m):
    refused(422, 'No such file or directory', m.exec, ['/none'])
    refused(422, '/none: No such file or directory', m.exec, ['/w/prog'], cwd='/none')
    refused(400, 'exec: argv', m.exec, [])
    refused(400, 'exec: argv', m.exec, ['a\0b'])
    refused(400, 'exec: cwd', m.exec, ['/w/prog'], cwd='relative')
    refused(400, 'exec: uid', m.exec, ['/w/prog'], uid=-1)
    refused(400, 'exec: uid', m.exec, ['/w/prog'], uid=2.5)
    refused(400, 'exec: timeout', m.exec, ['/w/prog'], timeout=0)
    refused(400, 'exec: env', m.exec, ['/w/prog'], env=[1])
    for body in '', '{', '[]', 'null', '{"argv": ["/w/prog"]} x', '{"argv":' + '[' * 10000, '\xff':
        refused(400, 'exec: not a JSON object', server.get, 'POST', m.url + '/exec', body.encode('latin-1'))
    refused(400, 'exec: other', server.get, 'POST', m.url + '/exec', '{"argv": ["/w/prog"], "other": 1}')
    refused(400, 'exec: argv', server.get, 'POST', m.url + '/exec', '{}')
    refused(413, 'too large a body, or too many of them', server.get, 'POST', m.url + '/exec',
            b' ' * (9 << 20))
    refused(404, 'no such machine', server.get, 'DELETE', '/machines/none')
    refused(404, 'no such machine', server.get, 'POST', '/machines/none/exec', '{}')
    refused(404, 'there are / and /machines', server.get, 'GET', '/../etc/passwd')
    refused(405, 'a machine has DELETE', server.get, 'PUT', m.url)
    refused(405, 'machines have GET and POST', server.get, 'PUT', '/machines')


def hostile(m):
    """What one machine does, and one client, is no other's matter."""
    r = m.exec(['/w/prog', 'spin'], timeout=.5)
    want('spin', (True, 9), (r.timeout, r.signal))
    r = m.exec(['/w/prog', 'fill'], timeout=1)
    want('fill', (True, 8 << 20, 9), (r.truncated, len(r.stdout), r.signal))
    # nobody reads what it says, and then nobody is there
    c = Connection('socket', 10)
    c.request('POST', m.url + '/exec', json.dumps({'argv': ['/w/prog', 'fill'], 'stream': True}))
    c.getresponse().read(100)
    c.close()
    lazy = socket.socket(socket.AF_UNIX)
    lazy.connect('socket')
    lazy.send(b'POST /machines HTTP/1.1\r\nContent-Length: 99999999999\r\n')
    garbage = socket.socket(socket.AF_UNIX)
    garbage.connect('socket')
    garbage.send(b'\0\xff' * 10000)
    bomb = threading.Thread(target=lambda: m.exec(['/w/prog', 'bomb'], timeout=3))
    bomb.start()
    with server.create() as other:
        want('beside', b'out\n', other.exec(['/w/prog', 'say', 'out']).stdout)
        r = other.exec(['/w/prog', 'memory'], timeout=30)
        want('memory', (False, True), (r.timeout, r.signal == 9 or r.exit == 12))
    bomb.join()


def ends():
    m = server.create()
    want('listed', [m.id], [x['id'] for x in server.machines()])
    refused(503, 'there are as many machines as there may be', lambda: [server.create(), server.create()])
    for x in server.machines():
        if x['id'] != m.id:
            server.get('DELETE', '/machines/' + x['id'])
    pid = server.machines()[0]['pid']
    waiting = m.stream(['/w/prog', 'pause'])
    want('waits', ('stdout', b'ready\n'), next(waiting))
    m.delete()
    (what, end), = waiting
    want('lost', ('end', None, None), (what, end.exit, end.signal))
    want('gone', False, os.path.exists('/proc/%d' % pid))
    refused(404, 'no such machine', m.exec, ['/w/prog'])
    # one that is killed from outside, or ends itself
    m = server.create()
    os.kill(server.machines()[0]['pid'], 9)
    until = time.time() + 30
    while server.machines() and time.time() < until:
        time.sleep(.01)
    want('killed', [], server.machines())
    refused(404, 'no such machine', m.read, '/tmp/x')


want('mode', 0o600, stat.S_IMODE(os.stat('socket').st_mode))
with server.create() as machine:
    programs(machine)
    files(machine)
    wrong(machine)
    hostile(machine)
ends()
