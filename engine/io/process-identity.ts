/** A process of this machine, told apart from a later one of the same number by when it started. */
import { readFileSync } from 'node:fs';

/** `PID STARTTIME` of a process, the own one by default. */
export function processIdentity(pid: number = process.pid): string {
  return `${pid} ${startTimeOf(pid)}`;
}

/** True as long as the process that had this identity lives. */
export function isAlive(identity: string): boolean {
  const pid = Number(identity.split(' ')[0]);
  if (!Number.isInteger(pid) || pid <= 0) return false; // Signals to 0 and below go to whole groups.
  try {
    process.kill(pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return processIdentity(pid) === identity;
}

/** Field 22 of /proc/PID/stat, counted behind the name, which may hold spaces. Empty where there is no /proc. */
function startTimeOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]!;
  } catch {
    return '';
  }
}
