/** Light, dark, or what the system says: kept in this browser, put on the root element by `theme.js` before the first paint. */
export type Theme = "light" | "dark" | "system";

const KEY = "fastgraph.theme";

export function readTheme(): Theme {
  const kept = document.documentElement.dataset.theme;
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function writeTheme(theme: Theme): void {
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === "system") localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // Storage is forbidden here: the choice lasts as long as the page.
  }
}
