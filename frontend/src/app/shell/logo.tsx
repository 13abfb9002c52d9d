import { Link } from "@tanstack/react-router";
import { text } from "@/shared/text";

export function Logo() {
  return (
    <Link to="/runs" className="rounded-md">
      <ProductMark />
    </Link>
  );
}

/** The sign and the name, also where there is no page to lead to. */
export function ProductMark() {
  return (
    <span className="flex items-center gap-2 font-semibold tracking-tight">
      <svg viewBox="0 0 32 32" aria-hidden="true" className="size-6">
        <rect width="32" height="32" rx="8" className="fill-accent-fill" />
        <g fill="none" strokeWidth="2.4" strokeLinecap="round" className="stroke-on-accent">
          <path d="M10 9.5h5.5c3 0 3 6.5 6 6.5" />
          <path d="M10 22.5h5.5c3 0 3-6.5 6-6.5" />
        </g>
        <g className="fill-on-accent">
          <circle cx="9.5" cy="9.5" r="3.2" />
          <circle cx="9.5" cy="22.5" r="3.2" />
          <circle cx="22.7" cy="16" r="3.2" />
        </g>
      </svg>
      {text.product}
    </span>
  );
}
