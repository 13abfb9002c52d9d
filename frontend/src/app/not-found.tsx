import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { text } from "@/shared/text";
import { buttonClass } from "@/shared/ui/button";
import { EmptyState } from "@/shared/ui/empty-state";

export function NotFound() {
  return (
    <div className="p-6">
      <h1 className="sr-only">{text.notFound.title}</h1>
      <EmptyState icon={Compass} title={text.notFound.title} why={text.notFound.why}>
        <Link to="/runs" className={buttonClass("plain")}>
          {text.notFound.home}
        </Link>
      </EmptyState>
    </div>
  );
}
