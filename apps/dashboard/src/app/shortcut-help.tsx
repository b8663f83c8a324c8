import { useId } from 'react';
import { setShortcutsOn, useShortcutsOn } from './shortcuts.ts';

const keys = [
  ['/', 'Filter runs and budgets'],
  ['J', 'Next run'],
  ['K', 'Previous run'],
  ['Esc', 'Leave the filter, close the run'],
] as const;

/** The keys, and a switch for those who are disturbed by single letters (WCAG 2.1.4). */
export function ShortcutHelp() {
  const id = useId();
  const on = useShortcutsOn();
  return (
    <div className="hidden sm:block">
      <button
        type="button"
        popoverTarget={id}
        className="inline-flex h-7 items-center rounded-md px-2 text-xs font-medium text-muted hover:bg-hover hover:text-ink"
      >
        Shortcuts
      </button>
      <div
        id={id}
        popover="auto"
        className="fixed inset-auto top-11 right-4 w-64 rounded-lg border border-line-strong bg-surface p-3 text-xs text-ink shadow-lg"
      >
        <h2 className="font-semibold">Keyboard</h2>
        <dl className="mt-2 grid grid-cols-[auto_1fr] items-center gap-x-3 gap-y-1.5">
          {keys.map(([key, does]) => (
            <div key={key} className="contents">
              <dt>
                <kbd className="rounded border border-line-strong bg-sunken px-1.5 py-px font-mono text-[11px]">
                  {key}
                </kbd>
              </dt>
              <dd className="text-muted">{does}</dd>
            </div>
          ))}
        </dl>
        <label className="mt-3 flex items-center gap-2 border-t border-line pt-2.5">
          <input
            type="checkbox"
            checked={on}
            onChange={(event) => setShortcutsOn(event.target.checked)}
            className="accent-accent"
          />
          Single-letter keys are on
        </label>
      </div>
    </div>
  );
}
