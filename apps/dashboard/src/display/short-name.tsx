/** A name that may be cut in the middle; whole on hover and for a screen reader. */
export function ShortName({ name, short = name }: { name: string; short?: string | undefined }) {
  if (short === name) return <span className="font-mono wrap-anywhere">{name}</span>;
  return (
    <span title={name} className="font-mono wrap-anywhere">
      <span className="sr-only">{name}</span>
      <span aria-hidden="true">{short}</span>
    </span>
  );
}
