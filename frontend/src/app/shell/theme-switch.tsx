import { Monitor, Moon, Sun } from "lucide-react";
import { useState } from "react";
import { readTheme, type Theme, writeTheme } from "@/app/theme";
import { cx } from "@/shared/class-names";
import { text } from "@/shared/text";

const CHOICES = [
  { theme: "light", icon: Sun },
  { theme: "dark", icon: Moon },
  { theme: "system", icon: Monitor },
] as const;

export function ThemeSwitch() {
  const [theme, setTheme] = useState<Theme>(readTheme);
  const choose = (next: Theme) => {
    writeTheme(next);
    setTheme(next);
  };
  return (
    <fieldset className="flex rounded-lg border border-line bg-sunken p-0.5">
      <legend className="sr-only">{text.theme.label}</legend>
      {CHOICES.map(({ theme: value, icon: Icon }) => (
        <label
          key={value}
          title={text.theme[value]}
          className={cx(
            "grid h-6 w-8 place-items-center rounded-md text-ink-faint hover:text-ink",
            "has-focus-visible:outline-2 has-focus-visible:outline-focus",
            theme === value && "bg-surface text-ink shadow-card",
          )}
        >
          <input
            type="radio"
            name="theme"
            value={value}
            checked={theme === value}
            onChange={() => choose(value)}
            className="sr-only"
          />
          <Icon aria-hidden className="size-3.5" />
          <span className="sr-only">{text.theme[value]}</span>
        </label>
      ))}
    </fieldset>
  );
}
