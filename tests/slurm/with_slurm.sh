#!/usr/bin/env bash
# Usage: tests/slurm/with_slurm.sh FOLDER COMMAND...
# Starts a Slurm of two nodes, node1 and node2, a slurmd each on this machine, runs the command with it, ends Slurm, and
# exits as the command did. Needs root and Debian's slurm-wlm and munge. All of it lies in FOLDER, with its logs; jobs.log
# lists the jobs that ended. But its configuration is linked from /etc/slurm, where the commands of a job look for it (one
# at a time), and jobs have their sockets in a folder of a short name, since Unix allows 107 bytes for all of their path.
set -euo pipefail
mkdir -p "$1" && folder=$(realpath "$1") && shift
linked=/etc/slurm/slurm.conf
[ -L $linked ] || [ ! -e $linked ] || { echo "$linked is there: this machine has a Slurm of its own" >&2; exit 1; }
exec 9>/run/lock/ssl-dynamics-slurm
flock 9
host=$(hostname -s)
read -r controller_port port1 port2 < <(python3 -c '
import socket
sockets = [socket.create_server(("", 0)) for _ in range(3)]
print(*(each.getsockname()[1] for each in sockets))')

spool=$(mktemp -d)
daemons=()
stop() {
    scancel --user root 2>/dev/null || true
    for daemon in "${daemons[@]}"; do
        kill "$daemon" 2>/dev/null || continue
        timeout 10 tail --pid "$daemon" -f /dev/null || kill -9 "$daemon"
    done
    rm -rf $linked "$spool"
}
trap stop EXIT

mkdir -p "$folder/state" "$spool"/node{1,2}
head -c 128 /dev/urandom >"$folder/munge.key"
chmod 400 "$folder/munge.key"
# Each node takes one job, however little the machine has free; one that cannot be launched fails, and is not held for
# ever. Long timeouts: tests beside it keep it busy.
cat >"$folder/slurm.conf" <<CONF
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller_port
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket=$folder/munge.socket
CredType=cred/munge
StateSaveLocation=$folder/state
SlurmdSpoolDir=$spool/%n
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd-%n.pid
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
JobRequeue=0
MessageTimeout=60
SlurmdTimeout=600
BatchStartTimeout=120
KillWait=5
SchedulerParameters=batch_sched_delay=0
NodeName=node1 NodeHostname=$host NodeAddr=127.0.0.1 Port=$port1 CPUs=1 RealMemory=8000 State=UNKNOWN
NodeName=node2 NodeHostname=$host NodeAddr=127.0.0.1 Port=$port2 CPUs=1 RealMemory=8000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE State=UP
CONF
ln -sfn "$folder/slurm.conf" $linked

munged --foreground --force --key-file "$folder/munge.key" --socket "$folder/munge.socket" \
    --pid-file "$folder/munged.pid" --seed-file "$folder/munged.seed" 2>"$folder/munged.log" 9>&- &
daemons=($! "${daemons[@]}")
slurmctld -D 2>"$folder/slurmctld.log" 9>&- &
daemons=($! "${daemons[@]}")
for node in node1 node2; do
    slurmd -D -N $node 2>"$folder/slurmd-$node.log" 9>&- &
    daemons=($! "${daemons[@]}")
done
for _ in $(seq 60); do
    [ "$(sinfo --noheader --format='%t %D' 2>/dev/null)" != "idle 2" ] || break
    sleep 0.5
done
[ "$(sinfo --noheader --format='%t %D')" = "idle 2" ] || { echo "Slurm did not start; see $folder/*.log" >&2; exit 1; }
"$@"
