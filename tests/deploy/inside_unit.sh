#!/bin/bash
# What script/prove-unit runs in the machine it boots: the unit, under the systemd it was written for. Prints one line
# per claim; the last one counts the failures.
set -uo pipefail
export PATH=/usr/sbin:/usr/bin:/sbin:/bin
failed=0
surface=http://127.0.0.1
unit=/etc/systemd/system/rebalancer.service

check() { # CLAIM COMMAND...
  local claim=$1 said
  shift
  if said=$("$@" 2>&1); then
    echo "   ok     $claim"
  else
    echo "   FAILED $claim: $said"
    failed=$((failed + 1))
  fi
}
refused() { ! "$@"; }
within() { # SECONDS COMMAND...
  local end=$((SECONDS + $1))
  shift
  until "$@"; do
    if ((SECONDS >= end)); then return 1; fi
    sleep 0.1
  done
}
main_pid() { systemctl show -p MainPID --value rebalancer; }
ask() { curl -sS -m 30 --fail-with-body "$@"; }
tell() { ask -X "$1" -H 'Content-Type: application/json' -d "$2" "$surface:$3"; } # METHOD BODY PORT/PATH
execute() { tell POST '{}' 8082/execute; }
healthy() { rebalancer --config /etc/rebalancer/config.yaml health >/dev/null 2>&1; }
field_is() { grep -qE "^$1:[[:space:]]+$2\$" "/proc/$(main_pid)/status"; }
# The file system as its process sees it.
view() { echo "/proc/$(main_pid)/root"; }

check "the account is made" systemd-sysusers
install -d -m 750 -g rebalancer /etc/rebalancer
install -m 640 -g rebalancer /srv/config.yaml /etc/rebalancer/config.yaml
systemctl daemon-reload
check "systemd understands the unit" systemd-analyze verify "$unit"
check "it starts" systemctl start rebalancer
check "it becomes healthy" within 10 healthy
check "its account is rebalancer" test "$(ps -o user= -p "$(main_pid)" | tr -d ' ')" = rebalancer
check "it has no capabilities" field_is CapEff 0000000000000000
check "it cannot get any" field_is NoNewPrivs 1
check "its system calls are filtered" field_is Seccomp 2
check "/etc is read-only to it, even for root" refused touch "$(view)/etc/rebalancer/x"
check "/usr is read-only to it" refused touch "$(view)/usr/x"
check "/root is not there" refused ls "$(view)/root/.bashrc"
check "/root is there for others" ls /root/.bashrc
check "its data folder is writable" touch "$(view)/var/lib/rebalancer/x"
check "other programs are not executable to it" refused nsenter -t "$(main_pid)" -m -- /bin/true
check "its own is" nsenter -t "$(main_pid)" -m -- /usr/bin/rebalancer version
rm -f /var/lib/rebalancer/x
check "its data is nobody else's business" test "$(stat -c '%a %U' /var/lib/rebalancer)" = "700 rebalancer"
check "it loads its plugins and trades on paper" grep -q '"outcome":"traded"' <(execute)
check "/ready has an answer" grep -q '"ready"' <(curl -sS "$surface:8083/ready")
check "the schedule is kept" tell PUT '{"at":"close-20m"}' 8083/schedule
check "it logs JSON into the journal" grep -q '"event":"serving"' <(journalctl -u rebalancer -o cat)
check "the account may halt" runuser -u rebalancer -- rebalancer --config /etc/rebalancer/config.yaml halt --reason test
check "the service knows it" within 5 grep -q '"halted"' <(ask "$surface:8083/status")
check "and resume" runuser -u rebalancer -- rebalancer --config /etc/rebalancer/config.yaml resume --reason test

before=$(ask "$surface:8083/history")
old=$(main_pid)
kill -KILL "$old"
started_again() { healthy && [[ $(main_pid) != "$old" ]]; }
check "killed, it starts again" within 20 started_again
check "and knows what it did" test "$(ask "$surface:8083/history")" = "$before"
check "and trades nothing twice" refused grep -q '"outcome":"traded"' <(execute)

seconds=$SECONDS
check "it stops" systemctl stop rebalancer
check "in less than 5 s" test $((SECONDS - seconds)) -lt 5
check "as a success" test "$(systemctl show -p Result --value rebalancer)" = success

echo "nonsense: 1" >>/etc/rebalancer/config.yaml
systemctl start rebalancer
over() { [[ $(systemctl show -p ActiveState --value rebalancer) == failed ]]; }
check "with a wrong configuration it fails" within 10 over
check "once" test "$(systemctl show -p NRestarts --value rebalancer)" = 0
check "and says which line" grep -q 'config.yaml:[0-9]*:[0-9]*: .*nonsense' <(journalctl -u rebalancer -o cat)

systemd-analyze security --no-pager rebalancer | tail -n 1
journalctl -u rebalancer -o cat >/srv/journal.txt
echo "failures: $failed"
kill -RTMIN+4 1 # power off, without a bus
