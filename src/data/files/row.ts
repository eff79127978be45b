/** One row of a data file and where it stands, for messages. */
export interface Row {
  where: string;
  fields: Record<string, unknown>;
}
