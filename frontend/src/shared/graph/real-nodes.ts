/** Start and end are drawn, but they are no nodes of the workflow. */
export function isRealNode(id: string): boolean {
  return id !== "__start__" && id !== "__end__";
}
