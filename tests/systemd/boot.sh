# Makes a machine of its own inside new namespaces and becomes its systemd; machine.py says what is what.
set -eu
scratch=$1 python=$2 source=$3 packages=$4 cache=$5

# What the machine writes lands in memory, above the host's files, and is gone with it.
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$scratch"
mkdir "$scratch/upper" "$scratch/work" "$scratch/root"
mount -t overlay -o "lowerdir=/,upperdir=$scratch/upper,workdir=$scratch/work" overlay "$scratch/root"
cd "$scratch/root"

# As in a container, the kernel's own settings can be read only.
mount -t proc proc proc
mount --bind proc/sys proc/sys
mount -o remount,bind,ro proc/sys
mount -t sysfs -o ro sysfs sys
mount -t cgroup2 cgroup2 sys/fs/cgroup
mount -t tmpfs -o mode=755 tmpfs run
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs -o mode=755 tmpfs dev
mkdir dev/pts dev/shm dev/mqueue dev/hugepages
mount -t devpts -o newinstance,ptmxmode=666 devpts dev/pts
mount -t tmpfs -o mode=1777 tmpfs dev/shm
ln -s pts/ptmx dev/ptmx
for node in null:3 zero:5 full:7 random:8 urandom:9; do
    mknod -m 666 "dev/${node%:*}" c 1 "${node#*:}"
done
mknod -m 666 dev/tty c 5 0

# None of the host's services, none of its log.
rm -rf etc/systemd/system usr/lib/systemd/system/*.target.wants var/log/journal
mkdir -p etc/systemd/system usr/lib/systemd/system/sysinit.target.wants
ln -s ../systemd-journald.service usr/lib/systemd/system/sysinit.target.wants/

# Python, the packages and the source lie where units may see them, wherever the host has them.
mkdir -p opt/python opt/packages opt/source opt/cache opt/argusd/bin mnt/host
mount --bind "$python" opt/python
mount --bind "$packages" opt/packages
mount --rbind "$source" opt/source
mount --bind "$cache" opt/cache
cat >opt/argusd/bin/argusd <<'PROGRAM'
#!/bin/sh
export PYTHONPATH=/opt/source/.paths:/opt/packages PYTHONDONTWRITEBYTECODE=1 LD_LIBRARY_PATH=/opt/python/lib
exec /opt/argusd/bin/python3 -P -m argusd.daemon "$@"
PROGRAM
chmod 755 opt/argusd/bin/argusd
ln -s /opt/python/bin/python3 opt/argusd/bin/python3
echo "home = /opt/python/bin" >opt/argusd/pyvenv.cfg

pivot_root . mnt/host
umount -l mnt/host
exec env -i PATH=/usr/bin:/usr/sbin:/bin:/sbin container=argusd-test \
    /usr/lib/systemd/systemd --system --unit=basic.target --show-status=0 </dev/null
