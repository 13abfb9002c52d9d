import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { RunsPage } from "@/features/runs/runs-page";
import { NotFound } from "./not-found";
import {
  actorsSearch,
  artifactsSearch,
  newRunSearch,
  runSearch,
  runsSearch,
  threadSearch,
  workflowsSearch,
} from "./search-params";
import { Shell } from "./shell/shell";

const root = createRootRoute({ component: Shell, notFoundComponent: NotFound });

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: () => {
    throw redirect({ to: "/runs", replace: true });
  },
});

const runs = createRoute({
  getParentRoute: () => root,
  path: "/runs",
  validateSearch: runsSearch,
  component: RunsPage,
});

const newRun = createRoute({
  getParentRoute: () => root,
  path: "/runs/new",
  validateSearch: newRunSearch,
  component: lazyRouteComponent(() => import("@/features/new-run/new-run-page"), "NewRunPage"),
});

const run = createRoute({
  getParentRoute: () => root,
  path: "/runs/$runId",
  validateSearch: runSearch,
  component: lazyRouteComponent(() => import("@/features/run/run-page"), "RunPage"),
});

const inbox = createRoute({
  getParentRoute: () => root,
  path: "/inbox",
  component: lazyRouteComponent(() => import("@/features/inbox/inbox-page"), "InboxPage"),
});

const thread = createRoute({
  getParentRoute: () => root,
  path: "/threads/$threadId",
  validateSearch: threadSearch,
  component: lazyRouteComponent(() => import("@/features/thread/thread-page"), "ThreadPage"),
});

const workflows = createRoute({
  getParentRoute: () => root,
  path: "/workflows",
  validateSearch: workflowsSearch,
  component: lazyRouteComponent(() => import("@/features/workflows/workflows-page"), "WorkflowsPage"),
});

const artifacts = createRoute({
  getParentRoute: () => root,
  path: "/artifacts",
  validateSearch: artifactsSearch,
  component: lazyRouteComponent(() => import("@/features/artifacts/artifacts-page"), "ArtifactsPage"),
});

const actors = createRoute({
  getParentRoute: () => root,
  path: "/actors",
  validateSearch: actorsSearch,
  component: lazyRouteComponent(() => import("@/features/actors/actors-page"), "ActorsPage"),
});

const access = createRoute({
  getParentRoute: () => root,
  path: "/access",
  component: lazyRouteComponent(() => import("@/features/access/access-page"), "AccessPage"),
});

export const router = createRouter({
  routeTree: root.addChildren([home, runs, newRun, run, inbox, thread, workflows, artifacts, actors, access]),
  defaultPreload: "intent",
  scrollRestoration: false,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
