import { useState } from 'react';
import type { SubmitEvent } from 'react';
import { Button } from '../display/button.tsx';
import { Icon } from '../display/icon.tsx';
import { isKey } from './session-key.ts';

interface SignInProps {
  /** Why the page asks, when it had a key before. */
  reason?: string | undefined;
  onKey: (key: string) => void;
}

export function SignIn({ reason, onKey }: SignInProps) {
  const [text, setText] = useState('');
  const [error, setError] = useState<string>();

  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    const key = text.trim();
    if (isKey(key)) onKey(key);
    else setError('A key begins with ae_ and holds letters, digits, - and _. Copy it whole.');
  };

  return (
    <main className="grid min-h-dvh place-items-center p-4">
      <form
        noValidate
        onSubmit={submit}
        className="w-full max-w-sm rounded-xl border border-line bg-surface p-6"
      >
        <div className="flex items-center gap-2">
          <Icon name="shield" className="size-5 text-accent" />
          <h1 className="text-base font-semibold">AE Safety</h1>
        </div>
        {reason !== undefined && (
          <p role="alert" className="mt-4 rounded-md bg-warn-soft px-3 py-2 text-xs text-ink">
            {reason}
          </p>
        )}
        <label htmlFor="key" className="mt-5 block text-xs font-medium">
          API key
        </label>
        <input
          id="key"
          type="password"
          autoComplete="off"
          spellCheck={false}
          required
          value={text}
          aria-invalid={error !== undefined}
          aria-describedby="key-help key-error"
          onChange={(event) => setText(event.target.value)}
          className="field mt-1.5 h-9 w-full font-mono"
        />
        <p id="key-error" aria-live="polite" className="mt-1.5 text-xs text-danger empty:hidden">
          {error}
        </p>
        <p id="key-help" className="mt-1.5 text-xs text-pretty text-muted">
          On the machine that runs AE Safety it stands in <code>.ae/connection.json</code> (api_key)
          and in the output of <code>npm start</code>. It stays in this tab until you close it.
        </p>
        <Button type="submit" look="primary" className="mt-5 h-9 w-full">
          Sign in
        </Button>
      </form>
    </main>
  );
}
