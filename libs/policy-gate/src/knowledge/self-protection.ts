import type { Family } from './knowledge.ts';

/** Agents that are started without what holds them, and tools that hold them being removed. */
export const SELF_PROTECTION: Family = {
  name: 'self-protection',
  values: {
    claude:
      '-p --print --model --permission-mode --allowedTools --allowed-tools --add-dir --settings --mcp-config --append-system-prompt --output-format --resume -r',
    codex:
      '-m --model -c --config -s --sandbox -a --ask-for-approval -C --cd -p --profile -i --image',
    gemini: '-m --model -p --prompt --approval-mode -s',
  },
  entries: [
    {
      id: 'self.agent-unbound',
      command:
        'claude codex gemini cursor-agent opencode amp goose aider copilot qwen crush droid kimi auggie cline',
      flags: [
        '--dangerously-skip-permissions|--dangerously-bypass-approvals-and-sandbox|--dangerously-allow-all|--allow-all-tools|--allow-all-paths|--skip-permissions-unsafe|--dangerously-disable-sandbox|--no-sandbox|--allow-dangerously-skip-permissions',
      ],
      kind: 'self_protection',
      operation: 'unbound_agent',
      verdict: 'deny',
      message: 'starts an agent with nothing that holds it',
      match: [
        'claude --dangerously-skip-permissions -p x',
        "codex --dangerously-bypass-approvals-and-sandbox 'x'",
        'amp --dangerously-allow-all -x y',
        'copilot --allow-all-tools -p x',
      ],
      pass: ['claude -p "explain this"', 'claude --version'],
    },
    {
      id: 'self.agent-yolo',
      command:
        'claude codex gemini qwen cursor-agent crush droid kimi cline aider pi hermes opencode amp',
      flags: [
        '--yolo|--full-auto|--yes-always|--yes|--force|--auto-approve|--auto|-y|--safe-mode|--no-extensions|--no-hooks|--no-plugins|--bare',
      ],
      kind: 'self_protection',
      operation: 'unbound_agent',
      verdict: 'approve',
      message: 'starts an agent that asks nobody',
      match: ['gemini --yolo', 'codex --yolo x', 'codex --full-auto x', 'aider --yes-always'],
      pass: ['gemini -p hi', 'aider --version'],
    },
    {
      id: 'self.agent-mode',
      command: 'claude codex gemini',
      options: [
        '--permission-mode=bypassPermissions|--permission-mode=acceptEdits|-a=never|--ask-for-approval=never|-s=danger-full-access|--sandbox=danger-full-access|--approval-mode=yolo|--approval-mode=auto_edit|--allowedTools=*Bash(*)*|--allowed-tools=*Bash(*)*|-c=approval_policy*never*|-c=sandbox_mode*danger*|--config=approval_policy*never*',
      ],
      kind: 'self_protection',
      operation: 'unbound_agent',
      verdict: 'approve',
      message: 'starts an agent that asks nobody',
      match: [
        "claude -p 'x' --permission-mode bypassPermissions",
        'codex -a never -s danger-full-access x',
        'gemini --approval-mode yolo',
      ],
      pass: ['claude --permission-mode plan'],
    },
    {
      id: 'self.agent-config',
      command: 'claude codex gemini amp hermes openclaw droid opencode cline kiro-cli',
      subcommand:
        'mcp|config|plugin|plugins|hooks|extensions|settings add|remove|rm|set|unset|install|enable|disable|add-json|uninstall',
      kind: 'self_protection',
      operation: 'settings',
      verdict: 'approve',
      message: 'changes what an agent may do',
      match: [
        'claude mcp add x -- npx y',
        'codex mcp add x',
        'claude config set -g autoUpdates false',
      ],
      pass: ['claude mcp list', 'claude config list'],
    },
    {
      id: 'self.guard-remove',
      command: 'npm pnpm yarn bun pip pip3 pipx uv brew cargo apt apt-get',
      subcommand: 'uninstall|remove|rm|un|tool|purge',
      operands: [
        '@ae/*',
        '*policy-gate*',
        '*safety-net*',
        'nah',
        'nah-*',
        '*/nah-*',
        'dcg',
        '*destructive_command_guard*',
        '*agent-governance*',
        '*guardrail*',
      ],
      kind: 'self_protection',
      operation: 'remove_guard',
      verdict: 'approve',
      message: 'removes what guards the agent',
      match: ['npm uninstall @ae/policy-gate', 'pip uninstall -y nah', 'brew uninstall dcg'],
      pass: ['npm uninstall lodash'],
    },
    {
      id: 'self.guard-kill',
      command: 'pkill killall',
      operands: [
        '*policy-gate*',
        '*control-plane*',
        '*ae-safety*',
        '*safety-net*',
        'dcg',
        'nah',
        '*guardrail*',
        '*falco*',
        'auditd',
      ],
      kind: 'self_protection',
      operation: 'kill_guard',
      verdict: 'deny',
      message: 'kills what guards the agent',
      match: ['pkill -f policy-gate', 'killall dcg'],
      pass: ['pkill -f vite'],
    },
    {
      id: 'self.container-guard',
      command: 'docker podman systemctl kubectl',
      subcommand:
        'stop|kill|rm|disable|mask|delete|pause *ae-control-plane*|*ae-safety*|*policy-gate*|*ae-worker*',
      kind: 'self_protection',
      operation: 'kill_guard',
      verdict: 'deny',
      message: 'stops what guards the agent',
      match: ['docker stop ae-control-plane', 'systemctl stop ae-safety'],
      pass: ['docker logs ae-control-plane'],
    },
    {
      id: 'self.guard-settings',
      command: 'nah dcg cc-safety-net safety-net policy-gate',
      subcommand:
        'trust|untrust|guard|nap|hook|allow|allow-once|allowlist|disable|uninstall|install|config|off|pause|bypass|enable|wake|activate|deactivate|permit',
      kind: 'self_protection',
      operation: 'settings',
      verdict: 'deny',
      message: 'loosens what guards the agent',
      match: [
        'nah trust .',
        'nah guard disable fs-system-tree',
        'nah nap',
        'dcg allow-once 1',
        'cc-safety-net uninstall',
      ],
      pass: ['nah --version', 'policy-gate check ls', 'dcg explain ls'],
    },
  ],
};
