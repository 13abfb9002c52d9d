import { Link, Outlet } from "@tanstack/react-router";
import { BookOpen, Braces } from "lucide-react";
import { useRef } from "react";
import { cx } from "@/shared/class-names";
import { useAllRunsFeed } from "@/shared/feed/use-all-runs-feed";
import { text } from "@/shared/text";
import { ConnectionBadge } from "./connection-badge";
import { InboxCount } from "./inbox-count";
import { KeyChip } from "./key-chip";
import { Logo } from "./logo";
import { NAV_ITEMS } from "./nav-items";
import { PausedBanner } from "./paused-banner";
import { ThemeSwitch } from "./theme-switch";
import { useActiveInView } from "./use-active-in-view";

const ITEM =
  "flex shrink-0 items-center gap-2.5 whitespace-nowrap rounded-lg px-2.5 text-sm text-ink-soft hover:bg-hover hover:text-ink max-md:h-9 md:h-8";

/** A bar at the side, on a narrow page at the top; the page itself scrolls beside it. */
export function Shell() {
  useAllRunsFeed();
  const bar = useRef<HTMLElement>(null);
  useActiveInView(bar);
  return (
    <div className="flex h-dvh flex-col overflow-hidden md:flex-row">
      <a
        href="#content"
        className="sr-only z-50 rounded-lg bg-accent-fill px-3 py-2 text-on-accent focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        {text.nav.skip}
      </a>
      <header className="flex shrink-0 flex-wrap items-center gap-x-3 border-line bg-surface px-3 max-md:border-b max-md:pt-2 md:w-52 md:flex-col md:flex-nowrap md:items-stretch md:gap-y-5 md:border-r md:py-4">
        <div className="flex items-center px-1.5">
          <Logo />
        </div>
        <nav
          ref={bar}
          aria-label={text.nav.label}
          className="order-last flex gap-0.5 max-md:-mx-1 max-md:w-full max-md:overflow-x-auto max-md:mask-r-from-85% max-md:pr-14 md:order-none md:flex-col"
        >
          {NAV_ITEMS.map(({ to, label, icon: Icon }) => (
            <Link
              key={to}
              to={to}
              className={ITEM}
              activeProps={{ className: "bg-selected font-medium text-ink!" }}
            >
              <Icon aria-hidden className="size-4" strokeWidth={1.9} />
              {label}
              {to === "/inbox" && <InboxCount />}
            </Link>
          ))}
          <span aria-hidden className="my-2 hidden border-t border-line md:block" />
          <DocsLink href="/docs" icon={BookOpen} label={text.nav.docs} />
          <DocsLink href="/redoc" icon={Braces} label={text.nav.reference} className="max-md:hidden" />
        </nav>
        <div className="flex items-center gap-3 max-md:ml-auto md:mt-auto md:flex-col md:items-stretch md:gap-3 md:px-1.5">
          <ConnectionBadge />
          <KeyChip />
          <div className="md:self-start">
            <ThemeSwitch />
          </div>
        </div>
      </header>
      <div className="flex min-h-0 min-w-0 flex-1 flex-col">
        <PausedBanner />
        <main id="content" tabIndex={-1} className="min-h-0 min-w-0 flex-1 overflow-y-auto outline-none">
          <Outlet />
        </main>
      </div>
    </div>
  );
}

interface DocsLinkProps {
  href: string;
  icon: typeof BookOpen;
  label: string;
  className?: string;
}

function DocsLink({ href, icon: Icon, label, className }: DocsLinkProps) {
  return (
    <a href={href} className={cx(ITEM, className)}>
      <Icon aria-hidden className="size-4" strokeWidth={1.9} />
      {label}
    </a>
  );
}
