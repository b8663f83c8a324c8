import { useId } from 'react';
import type { RefObject } from 'react';
import { RUN_STATUS } from '../runs/run.ts';

interface FilterFieldProps {
  field: RefObject<HTMLInputElement | null>;
  text: string;
  unknown: readonly string[];
  onText: (text: string) => void;
}

export function FilterField({ field, text, unknown, onText }: FilterFieldProps) {
  const id = useId();
  return (
    <div className="min-w-0 flex-1">
      <label htmlFor={id} className="sr-only">
        Filter runs and budgets
      </label>
      <input
        ref={field}
        id={id}
        type="search"
        value={text}
        spellCheck={false}
        autoComplete="off"
        placeholder="Filter runs and budgets: words, status:running   ( / )"
        aria-invalid={unknown.length > 0}
        aria-describedby={`${id}-unknown`}
        onChange={(event) => onText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          onText('');
          event.currentTarget.blur();
        }}
        className="field h-8 w-full"
      />
      <p
        id={`${id}-unknown`}
        aria-live="polite"
        className="mt-1 text-xs text-danger wrap-anywhere empty:hidden"
      >
        {unknown.length > 0 &&
          `No status "${unknown.join('", "')}". One of: ${Object.keys(RUN_STATUS).join(', ')}.`}
      </p>
    </div>
  );
}
