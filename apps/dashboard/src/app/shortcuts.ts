import { useEffect, useEffectEvent, useSyncExternalStore } from 'react';

const STORAGE_KEY = 'ae.shortcuts';
const listeners = new Set<() => void>();

function shortcutsOn(): boolean {
  return localStorage.getItem(STORAGE_KEY) !== 'off';
}

export function setShortcutsOn(on: boolean): void {
  localStorage.setItem(STORAGE_KEY, on ? 'on' : 'off');
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useShortcutsOn(): boolean {
  return useSyncExternalStore(subscribe, shortcutsOn);
}

/** Whether a key typed here is text. */
function isWriting(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement &&
    (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}

/** Calls `actions[key]` for a single key that is not text and has no modifier. */
export function useShortcuts(actions: Readonly<Record<string, () => void>>): void {
  const onKeyDown = useEffectEvent((event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
    if (isWriting(event.target)) return;
    const letter = event.key.length === 1;
    if (letter && !shortcutsOn()) return;
    const action = actions[letter ? event.key.toLowerCase() : event.key];
    if (!action) return;
    event.preventDefault();
    action();
  });
  useEffect(() => {
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, []);
}
