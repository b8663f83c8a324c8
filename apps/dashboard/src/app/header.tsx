import { Button } from '../display/button.tsx';
import { Icon } from '../display/icon.tsx';
import { LiveBadge } from '../live/live-badge.tsx';
import { ThemeSwitch } from './theme-switch.tsx';
import { ShortcutHelp } from './shortcut-help.tsx';

export function Header({ onSignOut }: { onSignOut: () => void }) {
  return (
    <>
      <a
        href="#runs"
        className="sr-only rounded-md bg-accent px-3 py-1.5 text-xs font-medium text-on-accent focus:not-sr-only focus:fixed focus:top-2 focus:left-2 focus:z-20"
      >
        Skip to runs
      </a>
      <header className="top-0 z-10 border-b border-line bg-surface sm:sticky">
        <div className="mx-auto flex min-h-11 max-w-[1680px] flex-wrap items-center gap-x-3 gap-y-1 px-3 py-1.5 sm:px-4">
          <h1 className="flex items-center gap-1.5 text-[13px] font-semibold">
            <Icon name="shield" className="text-accent" />
            AE Safety
          </h1>
          <LiveBadge />
          <div className="ml-auto flex items-center gap-1.5">
            <ShortcutHelp />
            <ThemeSwitch />
            <Button look="quiet" onClick={onSignOut}>
              Sign out
            </Button>
          </div>
        </div>
      </header>
    </>
  );
}
