import { infiniteQueryOptions } from "@tanstack/react-query";
import { keys } from "@/shared/api/keys";
import { fetchPage, withQuery } from "@/shared/api/page";
import type { AuditEntry } from "@/shared/api/types";

const AUDIT_PAGE = 50;

/** The commands that were given, newest first. */
export const listAudit = () =>
  infiniteQueryOptions({
    queryKey: keys.audit(),
    queryFn: ({ pageParam, signal }) => fetchPage<AuditEntry>(pageParam, signal),
    initialPageParam: withQuery("/api/monitoring/audit", { limit: AUDIT_PAGE }),
    getNextPageParam: (page) => page.next,
  });
