import { useState } from 'react';
import { Icon } from '../display/icon.tsx';
import type { IconName } from '../display/icon.tsx';
import { THEMES, applyTheme, storeTheme, storedTheme } from './theme.ts';
import type { Theme } from './theme.ts';

const icons: Record<Theme, IconName> = { system: 'system', light: 'sun', dark: 'moon' };

export function ThemeSwitch() {
  const [chosen, setChosen] = useState(storedTheme);
  const choose = (theme: Theme) => {
    storeTheme(theme);
    applyTheme(theme);
    setChosen(theme);
  };
  return (
    <fieldset className="flex rounded-md border border-line p-0.5">
      <legend className="sr-only">Theme</legend>
      {THEMES.map((theme) => (
        <label
          key={theme}
          title={`Theme: ${theme}`}
          className="grid h-6 w-7 cursor-pointer place-items-center rounded text-muted hover:text-ink has-checked:bg-sunken has-checked:text-ink has-focus-visible:outline-2 has-focus-visible:outline-accent"
        >
          <input
            type="radio"
            name="theme"
            className="sr-only"
            checked={chosen === theme}
            onChange={() => choose(theme)}
          />
          <span className="sr-only">{theme}</span>
          <Icon name={icons[theme]} className="size-3.5" />
        </label>
      ))}
    </fieldset>
  );
}
