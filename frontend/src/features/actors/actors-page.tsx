import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { Search } from "lucide-react";
import { cx } from "@/shared/class-names";
import { useTitle } from "@/shared/hooks/use-title";
import { PauseServer } from "@/shared/pause/pause-server";
import { ErrorState } from "@/shared/ui/error-state";
import { PageHeader } from "@/shared/ui/page-header";
import { Skeleton } from "@/shared/ui/skeleton";
import { ActorPanel } from "./actor-panel";
import { ActorTree } from "./actor-tree";
import { getActors } from "./api/get-actors";
import { HostsSection } from "./hosts-section";
import { StuckSection } from "./stuck-section";
import { actorsText } from "./text";
import { countActors, findActor } from "./tree";

const route = getRouteApi("/actors");

/** What operators look at: is anything stuck, how do the hosts do, who works for whom. */
export function ActorsPage() {
  useTitle(actorsText.title);
  const actors = useQuery(getActors());
  return (
    <div className="flex flex-col gap-4 p-4 lg:p-6">
      <PageHeader
        title={actorsText.title}
        facts={actors.data && <span className="tabular">{actorsText.total(countActors(actors.data))}</span>}
      >
        <PauseServer />
      </PageHeader>
      <StuckSection />
      <HostsSection />
      <TreeSection />
    </div>
  );
}

function TreeSection() {
  const { actor: chosen, q = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(getActors());
  const choose = (actor: string | undefined) =>
    navigate({ search: (now) => ({ ...now, actor: actor === chosen ? undefined : actor }), replace: true });
  return (
    <div className={cx("grid items-start gap-4", chosen && "xl:grid-cols-[minmax(0,1fr)_23rem]")}>
      <section
        aria-label={actorsText.tree}
        className="card @container flex h-[32rem] min-w-0 flex-col overflow-hidden"
      >
        <div className="flex items-center gap-3 border-b border-line p-2">
          <h2 className="pl-2 text-sm font-medium whitespace-nowrap max-sm:sr-only">{actorsText.tree}</h2>
          <label className="relative ml-auto w-full sm:max-w-72">
            <span className="sr-only">{actorsText.find}</span>
            <Search aria-hidden className="absolute top-2 left-2.5 size-4 text-ink-faint" />
            <input
              type="search"
              value={q}
              placeholder={actorsText.findPlaceholder}
              onChange={(event) =>
                navigate({ search: (now) => ({ ...now, q: event.target.value || undefined }), replace: true })
              }
              className="field pl-8"
            />
          </label>
        </div>
        {query.isPending && <Skeleton rows={8} />}
        {query.isError && <ErrorState error={query.error} onRetry={() => query.refetch()} className="m-4" />}
        {query.data && <ActorTree root={query.data} wanted={q} selected={chosen} onSelect={choose} />}
      </section>
      {chosen && (
        <ActorPanel
          key={chosen}
          actorId={chosen}
          known={query.data ? findActor(query.data, chosen) : null}
          onClose={() => choose(undefined)}
        />
      )}
    </div>
  );
}
