import type { RunStep } from '@ae/contracts';

/** What a step is called while it goes on, when it is done and when it failed. */
type StepWords = readonly [running: string, succeeded: string, failed: string];

const WORDS: Record<string, StepWords> = {
  policy: ['Checking the policy', 'Policy allowed it', 'Policy stopped it'],
  hold: ['Holding money', 'Money held', 'Money could not be held'],
  approval: ['Waiting for a person', 'A person approved', 'Not approved'],
  create: ['Starting a sandbox', 'Sandbox started', 'No sandbox could be started'],
  upload: ['Uploading files', 'Files uploaded', 'Files could not be uploaded'],
  execute: ['Running the command', 'Command ran', 'The command could not be run'],
  install: ['Installing', 'Installed', 'Install failed'],
  test: ['Testing', 'Tests ran', 'Tests failed'],
  build: ['Building', 'Built', 'Build failed'],
  redact: ['Removing secrets from the output', 'Secrets removed', 'Output could not be cleaned'],
  collect: ['Collecting what was built', 'Build collected', 'The build could not be collected'],
  deploy: ['Deploying', 'Deployed', 'Deployment failed'],
  commit: ['Charging the real cost', 'Real cost charged', 'The cost could not be charged'],
  destroy: ['Removing the sandbox', 'Sandbox removed', 'The sandbox could not be removed'],
  audit: ['Writing the record', 'Recorded', 'The record could not be written'],
};

/** A step in words; one that this page does not know keeps its own name. */
export function stepWords({ name, status }: Pick<RunStep, 'name' | 'status'>): string {
  const words = WORDS[name];
  if (!words) return status === 'succeeded' ? name : `${name}: ${status}`;
  if (status === 'skipped') return `${words[1]}: skipped`;
  return words[{ running: 0, succeeded: 1, failed: 2 }[status]] ?? name;
}
