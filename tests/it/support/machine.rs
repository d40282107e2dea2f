//! A machine of its own for one test: this one's files, on which nothing that is written stays, with systemd as its first
//! process and nothing but loopback for a network. Nothing of it is left when its owner goes, also where that was killed.

use super::{Folder, succeed};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

pub struct Machine {
    /// Holds the mounts; it ends when its standard input does, and the machine with it.
    holder: Child,
    leash: Option<ChildStdin>,
    /// The first process of the machine, as it is known outside.
    first: String,
    /// The machine's /mnt: files go in and out here.
    pub shared: Folder,
}

/// Lays writable memory over this machine's files, starts systemd in namespaces of its own, and waits for the end of the
/// leash. What the kernel shares with everybody (its settings, its devices) is read-only, and none of the units that
/// belong to this machine is started.
const HOLD: &str = r#"
set -e
shared=$1 base=$1/.machine
mkdir "$base"
mount -t tmpfs -o mode=755 machine "$base"
mkdir "$base/upper" "$base/work" "$base/root" "$base/groups"
mount -t overlay -o "lowerdir=/,upperdir=$base/upper,workdir=$base/work" machine "$base/root"
cd "$base/root"
units=usr/lib/systemd/system
rm -rf $units/*.wants $units/*.requires usr/lib/systemd/system-generators etc/systemd/system etc/fstab usr/sbin/policy-rc.d
mkdir -p $units/sysinit.target.wants etc/systemd/system
ln -s ../systemd-journald.service $units/sysinit.target.wants/
# Nobody searches its manual pages, and dpkg would save each file of an image that is thrown away.
rm -f var/lib/man-db/auto-update
mkdir -p etc/dpkg/dpkg.cfg.d && echo force-unsafe-io > etc/dpkg/dpkg.cfg.d/unsafe
printf '0123456789abcdef0123456789abcdef\n' > etc/machine-id
printf '[Journal]\nStorage=volatile\nRateLimitBurst=0\n' > etc/systemd/journald.conf
printf '127.0.0.1 localhost\n' > etc/hosts
cd /
mount -t cgroup2 groups "$base/groups"
group=$base/groups/$(basename "$shared")
mkdir "$group"
cat > "$base/begin" <<'BEGIN'
set -e
cd "$1/root"
ip link set lo up
mount --rbind /dev dev
mount -t proc proc proc
mount --bind -o ro proc/sys proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 groups sys/fs/cgroup
mount -t tmpfs -o mode=755 run run
mount -t tmpfs tmp tmp
mkdir -p mnt
mount --bind "$2" mnt
mkdir -p .before
pivot_root . .before
umount -l /.before
rmdir /.before
# As the first process of a real machine would have it: systemd hands credentials over by mounts.
mount --make-rshared /
exec env -i container=fencepost-test PATH=/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C \
  /usr/lib/systemd/systemd --unit=multi-user.target --log-target=journal --show-status=no
BEGIN
(
  echo 0 > "$group/cgroup.procs"
  exec setpriv --pdeathsig KILL unshare --kill-child --mount --pid --fork --uts --ipc --net --cgroup sh "$base/begin" "$base" "$shared"
) < /dev/null &
outer=$!
first=
until [ "$first" ]; do
  kill -0 $outer
  first=$(ps -o pid= --ppid $outer | tr -d ' ')
done
set +e
until nsenter --target "$first" --all systemctl is-active --quiet multi-user.target 2>/dev/null; do
  kill -0 $outer || exit 1
done
echo "$first"
cat > /dev/null
kill -KILL "$first" $outer
wait
until find "$group" -depth -type d -exec rmdir {} + 2>/dev/null; do :; done
"#;

impl Machine {
    /// Returns once it is up.
    pub fn boot() -> Self {
        let shared = Folder::new();
        let mut holder = Command::new("setsid")
            .args(["unshare", "--mount", "--propagation", "private", "sh", "-c", HOLD, "machine"])
            .arg(shared.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|e| panic!("setsid: {e}; run scripts/install-test-tools.sh"));
        let mut said = String::new();
        BufReader::new(holder.stdout.take().unwrap()).read_line(&mut said).unwrap();
        if said.trim().is_empty() {
            let _ = holder.wait();
            let why = std::io::read_to_string(holder.stderr.take().unwrap()).unwrap_or_default();
            panic!(
                "this test starts systemd in namespaces: it needs root and systemd (scripts/install-test-tools.sh). It was told: {}",
                why.trim()
            );
        }
        Self { leash: holder.stdin.take(), holder, first: said.trim().to_owned(), shared }
    }

    /// A command that runs on the machine.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first, "--all", "--", "env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin"]);
        command.args(["LC_ALL=C", "HOME=/root", "DEBIAN_FRONTEND=noninteractive"]).arg(program).stdin(Stdio::null());
        command
    }

    /// What a shell says there; it must succeed.
    pub fn sh(&self, script: &str) -> String {
        succeed(self.command("sh").args(["-ec", script]))
    }

    /// Copies a file into the machine's /mnt, and says where it is there.
    pub fn take(&self, file: &Path) -> PathBuf {
        let name = file.file_name().unwrap();
        std::fs::copy(file, self.shared.path().join(name)).unwrap();
        Path::new("/mnt").join(name)
    }

    /// Everything that was written on the machine and is still there, with a name that holds this.
    pub fn left(&self, name: &str) -> Vec<String> {
        let upper = self.shared.path().join(".machine/upper");
        let mut find = Command::new("nsenter");
        find.args(["--target", &self.holder.id().to_string(), "--mount", "--wd=/", "find"]).arg(&upper);
        // A file that was taken away is kept as a device without a number.
        let found = succeed(find.args(["-not", "-type", "c", "-name", &format!("*{name}*"), "-printf", "/%P\n"]));
        found.lines().map(str::to_owned).collect()
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        drop(self.leash.take());
        let _ = self.holder.wait();
    }
}
