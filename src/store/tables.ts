/** Columns of the tables that lists are made from, for `build`. Written by hand beside migrations/. */
export interface Tables {
  readonly organizations: { id: string; name: string; created_at: Date }
}
