"""Hatch's build hook: puts the built dashboard into the wheel.

A wheel is handed on to others, so a hole in it must not be silent: where `api/dashboard/` is missing it is built with
npm, and without Node the build stops with one sentence, unless FASTGRAPH_WITHOUT_DASHBOARD says that the hole is wanted
(the server then shows a page that says how to get the dashboard). An editable install is for somebody who works on the
tree: it needs no Node and builds nothing, `make dashboard` does.
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


class BuildDashboard(BuildHookInterface[Any]):
    """Build the dashboard before the wheel's files are gathered."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002 (the interface is theirs)
        """Called by Hatch before the wheel is built; `version` is `standard` or `editable`."""
        page = Path(self.root) / "api" / "dashboard" / "index.html"
        if version == "editable" or page.is_file():
            return
        if os.environ.get(OPT_OUT):
            self.app.display_warning(f"{OPT_OUT} is set: this wheel carries no dashboard.")
            return
        npm = shutil.which("npm")
        if npm is None:
            raise SystemExit(NO_NODE)
        frontend = Path(self.root) / "frontend"
        for command in (["ci", "--no-audit", "--no-fund"], ["run", "build"]):
            self.app.display_info(f"Building the dashboard: npm {' '.join(command)}")
            subprocess.run([npm, *command], cwd=frontend, check=True)
        if not page.is_file():
            raise SystemExit(
                f"npm run build in {frontend} ended well but wrote no {page}; see vite.config.ts."
            )
