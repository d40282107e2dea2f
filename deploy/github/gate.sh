#!/usr/bin/env bash
# The gate as GitHub's runner starts it: annotations into the log, the table into the job summary, files for the steps
# that follow. Everything that a user chooses comes as a variable.
set -euo pipefail

cannot() {
  echo "::error title=Fencepost could not run::$1"
  echo "exit-code=2" >>"$GITHUB_OUTPUT"
  exit 2
}

program=$(command -v -- "$GATE_BINARY") || cannot "The program of the input binary was not found. Put it on the runner, or name its path."
if [ -n "$GATE_SHA256" ]; then
  echo "$GATE_SHA256  $program" | sha256sum --check --status 2>/dev/null ||
    cannot "The program is not the one that sha256 names."
fi

folder=$(mktemp -d "$RUNNER_TEMP/fencepost.XXXXXX")
arguments=("--plan=$GATE_PLAN" "--fail-on=$GATE_FAIL_ON" --format=github
  "--output=junit=$folder/fencepost.xml" "--output=json=$folder/fencepost.json" "--output=markdown=$folder/summary.md")
[ -z "$GATE_VANTAGE" ] || arguments+=("--vantage=$GATE_VANTAGE")
[ -z "$GATE_WAIT" ] || arguments+=("--wait=$GATE_WAIT")
read -r -d '' -a only <<<"${GATE_ONLY//,/ }" || true
for one in "${only[@]}"; do arguments+=("--only=$one"); done

code=0
"$program" check "${arguments[@]}" || code=$?
echo "exit-code=$code" >>"$GITHUB_OUTPUT"
# Where nothing was looked at there are no files.
[ ! -e "$folder/fencepost.xml" ] || echo "junit=$folder/fencepost.xml" >>"$GITHUB_OUTPUT"
[ ! -e "$folder/fencepost.json" ] || echo "json=$folder/fencepost.json" >>"$GITHUB_OUTPUT"
if [ -e "$folder/summary.md" ]; then
  cat "$folder/summary.md" >>"$GITHUB_STEP_SUMMARY"
else
  echo "::error title=Fencepost could not run::It says why above."
fi
exit "$code"
