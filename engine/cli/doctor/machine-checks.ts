/** Processor, memory, terminal. */
import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, freemem, platform, release, totalmem } from 'node:os';
import { sizeText } from '../duration-text.ts';
import type { Check, Finding } from './finding.ts';

const leastMemoryBytes = 2 * 2 ** 30;

export const machineChecks: readonly Check[] = [
  { area: 'machine', name: 'system', examine: () => [system(), cores(), memory(), terminal()] },
];

function system(): Finding {
  const found = `Node ${process.versions.node} on ${platform()} ${release()}, ${arch()}`;
  return { name: 'system', level: 'pass', found };
}

function cores(): Finding {
  const usable = availableParallelism();
  const quota = coreQuota();
  const of = usable < cpus().length ? `${usable} of ${cpus().length}` : `${usable}`;
  if (quota === undefined || quota >= usable) return { name: 'cores', level: 'pass', found: of };
  const jobs = Math.max(1, Math.floor(quota));
  return {
    name: 'cores',
    level: 'warn',
    found: `${of}, but the control group allows the time of ${quota}`,
    fix: `Build with --jobs ${jobs}, or set "jobs: ${jobs}" in flow.yaml.`,
  };
}

/** How many cores' time the control group of this process allows; undefined where there is no limit. */
function coreQuota(): number | undefined {
  try {
    const [quota, period] = readFileSync('/sys/fs/cgroup/cpu.max', 'utf8').split(' ').map(Number);
    return Number.isFinite(quota) ? quota! / period! : undefined;
  } catch {
    return undefined; // No Linux, no container, or control groups of the first version.
  }
}

function memory(): Finding {
  const limit = process.constrainedMemory();
  const total = limit > 0 ? Math.min(limit, totalmem()) : totalmem();
  const free = limit > 0 ? process.availableMemory() : freemem();
  const found = `${sizeText(free)} free of ${sizeText(total)}`;
  if (total < leastMemoryBytes) {
    const fix = `Give it at least ${sizeText(leastMemoryBytes)}: frames are held in memory while they are used.`;
    return { name: 'memory', level: 'warn', found, fix };
  }
  if (total >= totalmem()) return { name: 'memory', level: 'pass', found };
  return {
    name: 'memory',
    level: 'warn',
    found: `${found}: the control group allows less than the ${sizeText(totalmem())} that the machine has`,
    fix: 'Build with fewer --jobs if builds run out of memory.',
  };
}

function terminal(): Finding {
  const { stdout } = process;
  if (!stdout.isTTY)
    return { name: 'terminal', level: 'info', found: 'none: the output goes to a file or a pipe' };
  const colours = stdout.hasColors() ? `${2 ** stdout.getColorDepth()} colours` : 'no colours';
  return { name: 'terminal', level: 'info', found: `${stdout.columns}×${stdout.rows}, ${colours}` };
}
