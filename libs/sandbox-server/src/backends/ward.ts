/** What a warden looks after for a server, and ends or removes when the server is gone. */
export type Ward =
  | {
      readonly kind: 'guest';
      /** The process whose first child is the guest's first process. */
      readonly pid: number;
      /** See `ProcessStat`: tells the process from a later one of the same id. */
      readonly startTime: string;
      /** MiB that the guest may hold; undefined where the kernel holds it to that. */
      readonly memoryMb: number | undefined;
    }
  /** Folders of control groups, below which the guests' groups are. */
  | { readonly kind: 'groups'; readonly folders: readonly string[] }
  | { readonly kind: 'folder'; readonly path: string }
  /** Containers with this label. */
  | { readonly kind: 'containers'; readonly label: string };

/** A line from the server: a ward that it has, or, without `ward`, has no more. */
export interface WardenOrder {
  readonly key: string;
  readonly ward?: Ward;
}

/** A line to the server: the guest of that key held too much memory, and was ended. */
export interface WardenReport {
  readonly exceeded: string;
}
