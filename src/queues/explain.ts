/** What Bun's clients say in codes, in words for people. */
const words: Readonly<Record<string, string>> = {
  ConnectionRefused: "no connection; is the server running, and the address right?",
  ECONNREFUSED: "no connection; is the server running, and the address right?",
  FailedToOpenSocket: "no connection; is the name of the host right?",
  ENOTFOUND: "no connection; is the name of the host right?",
  ECONNRESET: "the server hung up",
  // Bun's client has one code for a server that is not there and one that hangs up on the wrong password.
  ERR_REDIS_CONNECTION_CLOSED: "no connection; is the server running, and are address, user and password right?",
  ERR_POSTGRES_CONNECTION_REFUSED: "no connection; is the server running, and the address right?",
  ERR_MYSQL_CONNECTION_REFUSED: "no connection; is the server running, and the address right?",
  ERR_POSTGRES_CONNECTION_CLOSED: "the server hung up",
  ERR_MYSQL_CONNECTION_CLOSED: "the server hung up",
  SQLITE_CANTOPEN: "the database file cannot be opened; does it exist, and may pm read it?",
};

/** What a client library rejected with. Credentials in it are the caller's to hide. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error ? String(error.code) : "";
  return words[code] ?? (error.message === "" ? code || error.name : error.message);
}
