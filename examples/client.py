#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Runs a program in a machine of `muslin serve': client.py SOCKET PROG [ARG]...

PROG is a file of the host, which is copied into the machine.  The classes are what
another program would use; they need nothing but Python's own library.
"""
import base64
import http.client
import json
import os
import socket
import sys
import urllib.parse


class Error(Exception):
    """What the server says is wrong; status is HTTP's."""

    def __init__(self, status, text):
        super().__init__(text)
        self.status = status


class Connection(http.client.HTTPConnection):
    """HTTP over a Unix socket."""

    def __init__(self, path, timeout):
        super().__init__('localhost', timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Server:
    def __init__(self, path, timeout=120):
        self.path, self.timeout = path, timeout

    def ask(self, method, url, body=None):
        """The answer, of which nothing is read yet."""
        connection = Connection(self.path, self.timeout)
        connection.request(method, url, body)
        answer = connection.getresponse()
        if answer.status >= 300:
            text = answer.read()
            connection.close()
            try:
                text = json.loads(text)['error']
            except (ValueError, KeyError, TypeError):
                text = text.decode(errors='replace')
            raise Error(answer.status, text)
        return answer

    def get(self, method, url, body=None):
        with self.ask(method, url, body) as answer:
            return answer.read()

    def version(self):
        return json.loads(self.get('GET', '/'))['muslin']

    def machines(self):
        return json.loads(self.get('GET', '/machines'))['machines']

    def create(self):
        return Machine(self, json.loads(self.get('POST', '/machines'))['id'])


def output(answer, name):
    """What a program wrote: text that is not UTF-8 comes in base 64."""
    if name in answer:
        return answer[name].encode()
    return base64.b64decode(answer.get(name + '_base64', ''))


class Result:
    """exit or signal is None; both are, if the machine was gone before the program."""

    def __init__(self, answer):
        self.exit, self.signal = answer.get('exit'), answer.get('signal')
        self.timeout = answer.get('timeout', False)
        self.truncated = answer.get('truncated', False)
        self.stdout, self.stderr = output(answer, 'stdout'), output(answer, 'stderr')


class Machine:
    """One that ends with its `with'."""

    def __init__(self, server, id):
        self.server, self.id = server, id
        self.url = '/machines/' + id

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        try:
            self.delete()
        except Error as e:
            if e.status != 404:
                raise

    def request(self, argv, options):
        known = {'env', 'cwd', 'uid', 'gid', 'timeout', 'stdin', 'stream'}
        if set(options) - known:
            raise TypeError('exec has ' + ', '.join(sorted(known)))
        return json.dumps({'argv': argv, **options})

    def exec(self, argv, **options):
        """Until it ends: its status and its output."""
        return Result(json.loads(self.server.get('POST', self.url + '/exec',
                                                 self.request(argv, options))))

    def stream(self, argv, **options):
        """('stdout', bytes) and ('stderr', bytes) as they come; at last ('end', Result)."""
        body = self.request(argv, {**options, 'stream': True})
        with self.server.ask('POST', self.url + '/exec', body) as answer:
            for line in answer:
                line = json.loads(line)
                if 'program' in line:
                    continue
                for name in ('stdout', 'stderr'):
                    if name in line or name + '_base64' in line:
                        yield name, output(line, name)
                        break
                else:
                    yield 'end', Result(line)

    def file(self, path):
        return self.url + '/files' + urllib.parse.quote(path)

    def read(self, path):
        return self.server.get('GET', self.file(path))

    def write(self, path, data, mode=0o644):
        self.server.get('PUT', '%s?mode=%o' % (self.file(path), mode), data)

    def delete(self):
        self.server.get('DELETE', self.url)


def main():
    if len(sys.argv) < 3:
        sys.exit('usage: client.py SOCKET PROG [ARG]...')
    name = '/tmp/' + os.path.basename(sys.argv[2])
    with open(sys.argv[2], 'rb') as f:
        program = f.read()
    with Server(sys.argv[1]).create() as machine:
        machine.write(name, program, 0o755)
        for what, data in machine.stream([name] + sys.argv[3:]):
            if what == 'end':
                if data.exit is None and data.signal is None:
                    sys.exit('client.py: the machine ended before the program')
                return 128 + data.signal if data.signal else data.exit
            getattr(sys, what).buffer.write(data)
            getattr(sys, what).flush()


if __name__ == '__main__':
    try:
        sys.exit(main())
    except (Error, OSError) as e:
        sys.exit('client.py: %s' % e)
