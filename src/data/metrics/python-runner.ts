/**
 * Source of the Python process that runs one untrusted program; Python, so that it can be passed to `python3 -I -c`. It
 * reads `{ token, program, cpu, memory }` as JSON from standard input and writes the token to file descriptor 3 once the
 * program has run to its end without an error.
 *
 * Three fences, each of which holds where the ones before it are missing: resource limits (POSIX), a seccomp filter (Linux
 * on x86-64 and arm64) and an audit hook (everywhere, PEP 578; it cannot be taken out again). The filter refuses new
 * processes and threads, sockets, signals, every way of opening a file for writing and every change of a file's name or
 * mode; the hook refuses the same by the names that Python gives them.
 */
export const pythonRunner = String.raw`
import json, os, sys
job = json.loads(sys.stdin.buffer.read())
null = os.open(os.devnull, os.O_RDWR)
for fd in (0, 1, 2):
    os.dup2(null, fd)


def limit():
    import resource
    memory = job['memory'] * 2**20
    wanted = [('RLIMIT_CPU', job['cpu']), ('RLIMIT_AS', memory), ('RLIMIT_DATA', memory), ('RLIMIT_FSIZE', 0),
              ('RLIMIT_CORE', 0), ('RLIMIT_NOFILE', 32), ('RLIMIT_NPROC', 0)]
    for name, value in wanted:
        try:
            hard = resource.getrlimit(getattr(resource, name))[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(getattr(resource, name), (value, value))
        except (AttributeError, OSError, ValueError):
            pass


def seccomp():
    import ctypes, struct
    calls = {
        'x86_64': (0xC000003E, dict(
            open=2, creat=85, openat=257, openat2=437, socket=41, socketpair=53, clone=56, fork=57, vfork=58, execve=59,
            kill=62, shmget=29, semget=64, msgget=68, rename=82, mkdir=83, rmdir=84, link=86, unlink=87, symlink=88,
            chmod=90, fchmod=91, chown=92, fchown=93, lchown=94, truncate=76, ftruncate=77, ptrace=101, rt_sigqueueinfo=129,
            utime=132, mknod=133, setrlimit=160, chroot=161, mount=165, tkill=200, tgkill=234, utimes=235, add_key=248,
            keyctl=250, mkdirat=258, mknodat=259, fchownat=260, unlinkat=263, renameat=264, linkat=265, symlinkat=266,
            fchmodat=268, unshare=272, fallocate=285, prlimit64=302, setns=308, process_vm_writev=311, renameat2=316,
            seccomp=317, memfd_create=319, bpf=321, execveat=322, pidfd_send_signal=424, io_uring_setup=425, clone3=435,
            utimensat=280, setxattr=188, pwritev2=328)),
        'aarch64': (0xC00000B7, dict(
            openat=56, openat2=437, socket=198, socketpair=199, clone=220, execve=221, kill=129, shmget=194, semget=190,
            msgget=186, renameat=38, renameat2=276, mkdirat=34, unlinkat=35, linkat=37, symlinkat=36, fchmod=52,
            fchmodat=53, fchown=55, fchownat=54, truncate=45, ftruncate=46, ptrace=117, rt_sigqueueinfo=138, mknodat=33,
            setrlimit=164, chroot=51, mount=40, tkill=130, tgkill=131, add_key=217, keyctl=219, unshare=97, fallocate=47,
            prlimit64=261, setns=268, process_vm_writev=271, seccomp=277, memfd_create=279, bpf=280, execveat=281,
            pidfd_send_signal=424, io_uring_setup=425, clone3=435, utimensat=88, setxattr=5, pwritev2=287)),
    }.get(os.uname().machine if hasattr(os, 'uname') else '')
    if not sys.platform.startswith('linux') or calls is None or struct.calcsize('P') != 8:
        return
    arch, numbers = calls
    load, equal, at_least, any_bit, answer = 0x20, 0x15, 0x35, 0x45, 0x06
    refuse, allow, kill = 0x00050001, 0x7FFF0000, 0x80000000  # EPERM, go on, end the process
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
    program = [(load, 0, 0, 4), (equal, 1, 0, arch), (answer, 0, 0, kill), (load, 0, 0, 0)]
    program += [(at_least, 0, 1, 0x40000000), (answer, 0, 0, refuse)]  # the x32 doubles of the calls
    for name, number in numbers.items():
        if name in ('open', 'openat'):
            flags = 16 + 8 * (1 if name == 'open' else 2)
            program += [(equal, 0, 4, number), (load, 0, 0, flags), (any_bit, 0, 1, writing), (answer, 0, 0, refuse),
                        (answer, 0, 0, allow)]
        else:
            program += [(equal, 0, 1, number), (answer, 0, 0, refuse)]
    program += [(answer, 0, 0, allow)]
    code = b''.join(struct.pack('HBBI', *line) for line in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    libc = ctypes.CDLL(None, use_errno=True)
    filter = ctypes.create_string_buffer(struct.pack('HxxxxxxP', len(program), ctypes.addressof(buffer)))
    word = ctypes.c_ulong
    if libc.prctl(38, word(1), word(0), word(0), word(0)) == 0:  # no new privileges
        libc.prctl(22, word(2), filter, word(0), word(0))


def hook():
    refused = ('socket.', 'os.fork', 'os.exec', 'os.spawn', 'os.posix_spawn', 'os.system', 'os.kill', 'os.killpg',
               'os.remove', 'os.rename', 'os.rmdir', 'os.mkdir', 'os.link', 'os.symlink', 'os.truncate', 'os.chmod',
               'os.chown', 'os.chflags', 'os.utime', 'os.setxattr', 'os.putenv', 'os.startfile', 'os.chdir', 'os.fchdir',
               'subprocess.', 'shutil.', 'ctypes.', 'signal.pthread_kill', 'resource.', 'ftplib.', 'http.', 'smtplib.',
               'urllib.', 'webbrowser.', 'winreg.', 'pty.', 'tempfile.', 'sqlite3.', 'mmap.', 'fcntl.', '_thread.start',
               '_winapi.', 'syslog.', 'sys.remote', 'sys.setprofile', 'sys.settrace', 'gc.get')
    prefixes = tuple(refused)
    mask = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND

    def audit(event, args):
        if event == 'open' and isinstance(args[2], int) and not args[2] & mask:
            return
        if event == 'open' or event.startswith(prefixes):
            raise PermissionError('not allowed here: ' + event)
        if event == 'import' and args[0] in ('ctypes', '_ctypes', '_posixsubprocess', 'resource', '_socket'):
            raise ImportError('not allowed here: ' + args[0])

    for name in ('ctypes', '_ctypes', '_posixsubprocess', 'resource', '_socket'):
        sys.modules.pop(name, None)
    sys.addaudithook(audit)


def main():
    token = job['token'].encode()
    program = job['program']
    job.clear()
    exec(compile(program, 'program', 'exec'), {'__name__': '__main__'})
    os.write(3, token)


for fence in (limit, seccomp, hook):
    try:
        fence()
    except ImportError:
        pass
try:
    main()
except BaseException:
    pass
os._exit(0)
`;
