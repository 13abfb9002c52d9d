"""Hatch's build hook: what the wheel holds beside the three packages, the built dashboard and the examples.

A wheel is handed on to others, so a hole in it must not be silent: where `api/dashboard/` is missing it is built with
npm, and without Node the build stops with one sentence, unless FASTGRAPH_WITHOUT_DASHBOARD says that the hole is wanted
(the server then shows a page that says how to get the dashboard). An editable install is for somebody who works on the
tree: it needs no Node, builds nothing and copies nothing; `make dashboard` builds.
"""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

OPT_OUT = "FASTGRAPH_WITHOUT_DASHBOARD"

NO_NODE = (
    "The dashboard is not built (no api/dashboard/index.html) and npm was not found to build it: install Node.js 20 or "
    f"newer, or set {OPT_OUT}=1 for a wheel without the dashboard."
)


class WheelContents(BuildHookInterface[Any]):
    """Complete the wheel before its files are gathered."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Called by Hatch; `version` is `standard` or `editable`, and `build_data` is ours to add to."""
        if version == "editable":
            return
        build_data["force_include"][str(Path(self.root) / "examples")] = "fastgraph/examples"
        self._ensure_dashboard(Path(self.root) / "api" / "dashboard" / "index.html")

    def _ensure_dashboard(self, page: Path) -> None:
        if page.is_file():
            return
        if os.environ.get(OPT_OUT):
            self.app.display_warning(f"{OPT_OUT} is set: this wheel carries no dashboard.")
            return
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(NO_NODE)
        frontend = Path(self.root) / "frontend"
        install = [] if (frontend / "node_modules").is_dir() else [["ci", "--no-audit", "--no-fund"]]
        for command in (*install, ["run", "build"]):
            self.app.display_info(f"Building the dashboard: npm {' '.join(command)}")
            subprocess.run([npm, *command], cwd=frontend, check=True)
        if not page.is_file():
            raise SystemExit(
                f"npm run build in {frontend} ended well but wrote no {page}; see vite.config.ts."
            )
