/** What the page of keys and the audit log says. */

export const keysText = {
  page: "Access",
  title: "API keys",
  required: "A request without a key is refused. Keys of the server's settings are not listed here.",
  notRequired: "No key is asked for: the server answers this machine alone.",
  none: "No key is kept in the store.",
  make: "Make a key",
  makeTitle: "Make an API key",
  name: "Name",
  nameHint: "Who or what has it; it stands in the audit log.",
  role: "Role",
  created: (name: string) => `The key of ${name} was made`,
  createdWhy: "Copy it now. Only its hash is kept, and it is never shown again.",
  by: (who: string) => `by ${who}`,
  revoke: "Revoke",
  revokeNamed: (name: string) => `Revoke the key of ${name}`,
  ask: {
    title: "Revoke this key?",
    why: "Requests with it are refused from now on, and feeds that were opened with it end. This can't be undone.",
    confirm: "Revoke the key",
    keep: "Keep it",
  },
} as const;

export const auditText = {
  title: "Audit log",
  why: "Every command, newest first. Nothing here ever changes.",
  none: "No command was given yet.",
} as const;
