import { useQuery } from "@tanstack/react-query";
import { text } from "@/shared/text";
import { listInbox } from "@/shared/waits/list-waits";

/** How many questions are open; nothing where there are none, or nobody knows. */
export function InboxCount() {
  const { data } = useQuery(listInbox());
  const count = data ? (data.total ?? data.items.length) : 0;
  if (count === 0) return null;
  return (
    <span
      title={text.inbox.count(count)}
      className="tabular ml-auto rounded-full bg-person-soft px-1.5 text-xs leading-5 font-medium text-person"
    >
      {count.toLocaleString("en")}
    </span>
  );
}
