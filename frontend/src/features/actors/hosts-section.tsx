import { useQuery } from "@tanstack/react-query";
import { Unplug } from "lucide-react";
import { text } from "@/shared/text";
import { CommandList } from "@/shared/ui/command-list";
import { EmptyState } from "@/shared/ui/empty-state";
import { ErrorState } from "@/shared/ui/error-state";
import { Skeleton } from "@/shared/ui/skeleton";
import { getHosts } from "./api/get-hosts";
import { HostCard } from "./host-card";
import { hostsText } from "./text";

export function HostsSection() {
  const query = useQuery(getHosts());
  return (
    <section aria-label={hostsText.title} className="flex flex-col gap-2">
      <h2 className="text-sm font-medium">{hostsText.title}</h2>
      {query.isPending && <Skeleton rows={3} />}
      {query.isError && <ErrorState error={query.error} onRetry={() => query.refetch()} />}
      {query.data?.length === 0 && (
        <div className="card">
          <EmptyState icon={Unplug} title={hostsText.none} why={hostsText.noneWhy}>
            <CommandList commands={text.hostCommands} />
          </EmptyState>
        </div>
      )}
      {query.data && query.data.length > 0 && (
        <ul className="grid gap-4 xl:grid-cols-2">
          {query.data.map((host) => (
            <HostCard key={host.boot_id} host={host} />
          ))}
        </ul>
      )}
    </section>
  );
}
