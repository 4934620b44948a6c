#!/usr/bin/env bash
# Usage: tests/slurm/with_slurm.sh FOLDER COMMAND...
# Starts a Slurm of one node, this machine, runs the command with it, ends Slurm, and exits as the command did. Needs
# root and Debian's slurm-wlm and munge. All of it lies in FOLDER, with its logs; jobs.log lists the jobs that ended. Only
# its configuration is linked from /etc/slurm, where the commands of a job look for it; one at a time.
set -euo pipefail
mkdir -p "$1" && folder=$(realpath "$1") && shift
linked=/etc/slurm/slurm.conf
[ -L $linked ] || [ ! -e $linked ] || { echo "$linked is there: this machine has a Slurm of its own" >&2; exit 1; }
exec 9>/run/lock/ssl-dynamics-slurm
flock 9
host=$(hostname -s)
read -r controller_port node_port < <(python3 -c '
import socket
sockets = [socket.create_server(("", 0)) for _ in range(2)]
print(*(each.getsockname()[1] for each in sockets))')

daemons=()
stop() {
    scancel --user root 2>/dev/null || true
    for daemon in "${daemons[@]}"; do
        kill "$daemon" 2>/dev/null || continue
        timeout 10 tail --pid "$daemon" -f /dev/null || kill -9 "$daemon"
    done
    rm -f $linked
}
trap stop EXIT

mkdir -p "$folder/state" "$folder/spool"
head -c 128 /dev/urandom >"$folder/munge.key"
chmod 400 "$folder/munge.key"
# Of one node with two jobs at most, however little the machine has free. Long timeouts: tests beside it keep it busy.
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller_port
SlurmdPort=$node_port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmdParameters=config_overrides
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
JobCompType=jobcomp/filetxt
JobCompLoc=$folder/jobs.log
ReturnToService=2
MessageTimeout=60
SlurmdTimeout=600
BatchStartTimeout=120
KillWait=5
SchedulerParameters=batch_sched_delay=0
NodeName=$host NodeAddr=127.0.0.1 CPUs=2 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
ln -sfn "$folder/slurm.conf" $linked

munged --foreground --force --key-file "$folder/munge.key" --socket "$folder/munge.socket" \
    --pid-file "$folder/munged.pid" --seed-file "$folder/munged.seed" 2>"$folder/munged.log" 9>&- &
daemons=($! "${daemons[@]}")
slurmctld -D 2>"$folder/slurmctld.log" 9>&- &
daemons=($! "${daemons[@]}")
slurmd -D 2>"$folder/slurmd.log" 9>&- &
daemons=($! "${daemons[@]}")
for _ in $(seq 60); do
    [ "$(sinfo --noheader --format=%t 2>/dev/null)" != idle ] || break
    sleep 0.5
done
[ "$(sinfo --noheader --format=%t)" = idle ] || { echo "Slurm did not start; see $folder/*.log" >&2; exit 1; }
"$@"
