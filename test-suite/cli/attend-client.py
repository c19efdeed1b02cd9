# SPDX-License-Identifier: MIT
"""cli/attend, beside muslin-serve and muslin-oci: the words of attend/protocol.h."""
import array
import os
import socket
import struct
import subprocess

SPAWN, KILL, WINCH, READY, SHUTDOWN, DONE, STARTED, CHANGED = range(1, 9)
MAIN, TTY, OWN = 1, 2, 2
UNFIT = (DONE, -22, b'what was asked does not fit together')


class Machine:
    def __init__(self):
        self.socket, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.process = subprocess.Popen(
            ['muslin', 'attend', str(other.fileno()), '--dir', os.getcwd() + ':/w:ro'],
            pass_fds=[other.fileno()])
        other.close()

    def send(self, message, fds):
        self.socket.sendmsg([message], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array('i', fds))]
                            if fds else [])

    def ask(self, type, flags=0, id=0, sig=0, data=b'', counts=(0, 0, 0, 0), files=(0, 0, 0), size=None, more=0):
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        fds = [theirs.fileno()]
        if data:
            memory = os.memfd_create('data')
            os.write(memory, data)
            fds.append(memory)
        fds += [i for i in range(3) if files[i] == 1] + [0] * more
        self.send(struct.pack('<IIiiIII4I3II', type, flags, id, sig, os.getuid(), os.getgid(), 0o22, *counts,
                              *files, len(data) if size is None else size), fds)
        theirs.close()
        if data:
            os.close(memory)
        return ours

    def run(self, *argv, files=(1, 1, 1), flags=0):
        return self.ask(SPAWN, flags, data=b'/w/prog\0/\0' + b''.join(a + b'\0' for a in argv),
                        counts=(0, 0, len(argv), 0), files=files)


def answer(s):
    r = s.recv(1000)
    return struct.unpack('<Ii', r[:8]) + (r[8:].split(b'\0')[0],) if r else None


def want(what, expected, actual):
    if expected != actual:
        print('%s: want %r, not %r' % (what, expected, actual))


m = Machine()
want('ready', (DONE, 0, b''), answer(m.ask(READY)))
s = m.run(b'prog', b'exit', b'3')
want('start', STARTED, answer(s)[0])
want('end', (CHANGED, 3 << 8, b''), answer(s))
want('no more', None, answer(s))
s = m.run(b'prog', b'pause', files=(0, 0, 0))
id = answer(s)[1]
want('kill', (DONE, 0, b''), answer(m.ask(KILL, id=id, sig=15)))
want('killed', (CHANGED, 15, b''), answer(s))
want('kill nobody', (DONE, -10, b'No child processes'), answer(m.ask(KILL, id=id, sig=15)))
s = m.run(b'prog', b'pause', files=(0, 0, 0))
id = answer(s)[1]
want('kill by no signal', (DONE, -22, b'Invalid argument'), answer(m.ask(KILL, id=id, sig=99)))
want('kill all', (DONE, 0, b''), answer(m.ask(KILL, sig=9)))
want('all killed', (CHANGED, 9, b''), answer(s))

# who asks for its image has it, as with muslin run, and the machine goes on
s = m.run(b'prog', b'pause', files=(0, 0, 0))
answer(s)
want('image', 0, subprocess.call(['muslin', 'snapshot', '--pid', str(m.process.pid), '--image', 'image']))
want('kill after it', (DONE, 0, b''), answer(m.ask(KILL, sig=9)))
want('killed after it', (CHANGED, 9, b''), answer(s))

# what does not fit together
text = b'/w/prog\0/\0prog\0'
for what, expected, options in [
    ('no such type', (DONE, -22, b'Invalid argument'), dict(type=99)),
    ('no data', (STARTED, -22, UNFIT[2]), dict(type=SPAWN)),
    ('no NUL', (STARTED, -22, UNFIT[2]), dict(type=SPAWN, data=b'/w/prog')),
    ('fewer strings', (STARTED, -22, UNFIT[2]), dict(type=SPAWN, data=text, counts=(0, 0, 2, 0))),
    ('more strings', (STARTED, -22, UNFIT[2]), dict(type=SPAWN, data=text, counts=(0, 0, 0, 0))),
    ('groups', (STARTED, -22, UNFIT[2]), dict(type=SPAWN, data=text, counts=(1 << 31, 0, 1, 0))),
    ('limits', (STARTED, -22, UNFIT[2]), dict(type=SPAWN, data=text, counts=(0, 0xffffffff, 1, 0))),
    ('argc', (STARTED, -22, UNFIT[2]), dict(type=SPAWN, data=text, counts=(0, 0, 0xffffffff, 0))),
    ('size', (STARTED, -22, UNFIT[2]), dict(type=SPAWN, data=text, counts=(0, 0, 1, 0), size=0xffffffff)),
    ('less than size', (STARTED, -22, UNFIT[2]), dict(type=SPAWN, data=text, counts=(0, 0, 1, 0), size=1000)),
    ('size without data', UNFIT, dict(type=SPAWN, size=10)),
    ('more files', UNFIT, dict(type=READY, more=1)),
    ('no such file', UNFIT, dict(type=READY, files=(3, 0, 0))),
]:
    want(what, expected, answer(m.ask(**options)))
for message, fds in (b'x', []), (b'x' * 60, []), (b'x' * 1000, []), (b'', [0, 1, 2]):
    if message:
        m.send(message, fds)
want('ready', (DONE, 0, b''), answer(m.ask(READY)))

# with the main program the process ends, as that does
s = m.run(b'prog', b'exit', b'7', files=(OWN, OWN, OWN), flags=MAIN)
want('main', STARTED, answer(s)[0])
want('its end', (CHANGED, 7 << 8, b''), answer(s))
want('status', 7, m.process.wait())
m = Machine()
answer(m.run(b'prog', b'die', b'9', files=(OWN, OWN, OWN), flags=MAIN))
want('signal', 137, m.process.wait())
# or with the socket, or when it is asked to
m = Machine()
m.socket.close()
want('closed', 0, m.process.wait())
m = Machine()
want('shutdown', (DONE, 0, b''), answer(m.ask(SHUTDOWN)))
want('shut down', 0, m.process.wait())
