import { readFileSync, readdirSync } from 'node:fs';

/** A process as its stat file tells: proc_pid_stat(5). */
export interface ProcessStat {
  readonly pid: number;
  /** One letter: R and S run, T is stopped, Z has ended. */
  readonly state: string;
  readonly parent: number;
  /** Clock ticks since the machine's start; with the id it names a process for good. */
  readonly startTime: string;
  /** Clock ticks of its own and of the children it has reaped. */
  readonly cpuTicks: number;
}

function parse(pid: number, text: string): ProcessStat {
  // Fields follow the command name, which may itself hold spaces and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    pid,
    state: fields[0] ?? '',
    parent: Number(fields[1]),
    startTime: fields[19] ?? '',
    cpuTicks: [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0),
  };
}

/** Undefined when there is no process of that id. */
export function processStat(pid: number): ProcessStat | undefined {
  try {
    return parse(pid, readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch {
    return undefined;
  }
}

/** The states of its threads: a process whose first thread has ended may still run. */
export function threadStates(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`).map((task) => {
      const text = readFileSync(`/proc/${pid}/task/${task}/stat`, 'latin1');
      return parse(pid, text).state;
    });
  } catch {
    return [];
  }
}
