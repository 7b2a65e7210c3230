#!/usr/bin/env bash
#@HEADER@
# Needs kubectl and jq. Says what it would do and changes nothing, unless you add --apply.
#
#   bash FILE                       the steps in their order, and how many objects need what
#   bash FILE --check               what is still missing; exit status 3 if anything is
#   bash FILE --apply               patches the objects; only while no Metacontroller runs
#   bash FILE --annotate [--apply]  forward only, while Metacontroller runs: the annotation alone
#   bash FILE --finalizers [--apply]  takes away what the controller that was left had put on parents and objects
#   ... --fill-namespaces           if Metacontroller is upgraded from 2 to 4 on the way, and the parents are namespaced
#
# It may be interrupted and run again: what is done is not done twice. Every patch is computed from the live object and
# says which version of it is meant; if somebody wrote it meanwhile the API server refuses, and you run it again.
set -euo pipefail

#@SETTINGS@
KUBECTL=${KUBECTL:-kubectl}
BATCH=${BATCH:-50}
ANNOTATION=metacontroller.k8s.io/decorator-controller
LABEL=controller-uid
APPLIED=metacontroller.k8s.io/last-applied-configuration

apply=false task=plan last_applied=true fill=false
for argument in "$@"; do
  case $argument in
    --apply) apply=true ;;
    --check) task=check ;;
    --annotate) task=annotate last_applied=false ;;
    --finalizers) task=finalizers ;;
    --fill-namespaces) fill=true ;;
    *) echo "unknown argument: $argument" >&2; exit 2 ;;
  esac
done
if [[ $task == annotate && $DIRECTION != forward ]]; then
  echo "only the way forward can be gone by annotating" >&2; exit 2
fi
if [[ $task == finalizers && $DIRECTION == marks ]]; then
  echo "no controller is left behind by ownership marks, and no finalizer" >&2; exit 2
fi
for tool in "$KUBECTL" jq; do
  command -v "$tool" >/dev/null || { echo "$tool is not there" >&2; exit 1; }
done
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Which Metacontroller Pods run, as namespace/name.
metacontrollers() {
  "$KUBECTL" get pods --all-namespaces -o json | jq -r '
    .items[]
    | select(.status.phase != "Succeeded" and .status.phase != "Failed")
    | select(any(.spec.containers[]; .image | test("(^|/)metacontroller([:@]|$)"))
        or any(.metadata.labels["app.kubernetes.io/name"], .metadata.labels.app; . == "metacontroller"))
    | "\(.metadata.namespace)/\(.metadata.name)"'
}

stop_if_running() {
  local pods
  pods=$(metacontrollers)
  if [[ -n $pods ]]; then
    echo "Metacontroller runs (${pods//$'\n'/, }) and would undo every patch. Stop it first; nothing more was written." >&2
    exit 1
  fi
}

# The two controllers as far as they are there: an array.
controllers() {
  local kind name
  for kind in compositecontroller decoratorcontroller; do
    name=$COMPOSITE; [[ $kind == decoratorcontroller ]] && name=$DECORATOR
    "$KUBECTL" get "$kind" "$name" -o json --ignore-not-found
  done | jq -s .
}

settle_names() {
  controllers >"$work/controllers"
  if [[ -z $PARENTS ]]; then
    PARENTS=$(jq -r 'def named: (.apiVersion | if contains("/") then "." + split("/")[0] else "" end) as $g | .resource + $g;
      [.[].spec | (.parentResource // empty), (.resources // [])[] | named] | unique | .[]' "$work/controllers")
  fi
  if [[ -z $RESOURCES ]]; then
    RESOURCES=$(jq -r 'def named: (.apiVersion | if contains("/") then "." + split("/")[0] else "" end) as $g | .resource + $g;
      [.[].spec | (.childResources // [])[], (.attachments // [])[] | named] | unique | .[]' "$work/controllers")
  fi
  if [[ -z $GENERATE_SELECTOR ]]; then
    if jq -e 'any(.[]; .kind == "CompositeController")' "$work/controllers" >/dev/null; then
      GENERATE_SELECTOR=$(jq -r 'any(.[]; .spec.generateSelector == true)' "$work/controllers")
    elif [[ $DIRECTION == back ]]; then
      echo "CompositeController $COMPOSITE is not there: set GENERATE_SELECTOR to what it says" >&2; exit 1
    else
      # Where there is no such label, none is taken away; none is given that no controller looks for.
      GENERATE_SELECTOR=true; [[ $DIRECTION != marks ]] || GENERATE_SELECTOR=false
    fi
  fi
  if [[ -z $PARENTS ]]; then
    echo "neither CompositeController $COMPOSITE nor DecoratorController $DECORATOR is there: whose objects are meant?" >&2
    exit 1
  fi
}

# A CompositeController releases what it owns and finds without its label, and no controller would ever see that again.
# So as long as it is there, a Metacontroller started by mistake must find the labels; they are taken off afterwards.
composite_reigns() {
  [[ $DIRECTION == forward ]] && jq -e 'any(.[]; .kind == "CompositeController")' "$work/controllers" >/dev/null
}

# One line an object that needs something: {resource, namespace, name, exact, only_label, patch}. Merge patches.
find_patches() {
  local resource keep=false
  if composite_reigns; then keep=true; fi
  : >"$work/parents"
  for resource in $PARENTS; do
    "$KUBECTL" get "$resource" --all-namespaces -o json >>"$work/parents"
  done
  jq -s '[.[].items[].metadata.uid]' "$work/parents" >"$work/uids"
  : >"$work/patches"
  for resource in $RESOURCES; do
    "$KUBECTL" get "$resource" --all-namespaces -o json | jq -c \
      --slurpfile uids "$work/uids" --arg resource "$resource" --arg direction "$DIRECTION" --arg decorator "$DECORATOR" \
      --arg annotation "$ANNOTATION" --arg own_label "$LABEL" --arg applied "$APPLIED" \
      --argjson generated "$GENERATE_SELECTOR" --argjson last_applied "$last_applied" --argjson fill "$fill" \
      --argjson keep "$keep" '
      # Compact, keys sorted, escaped as Go does it: Metacontroller compares the text.
      def sorted: if type == "object" then to_entries | sort_by(.key) | map(.value |= sorted) | from_entries
        elif type == "array" then map(sorted) else . end;
      def go: sorted | tojson
        | gsub("<"; "\\u003c") | gsub(">"; "\\u003e") | gsub("&"; "\\u0026") | gsub("\u2028"; "\\u2028") | gsub("\u2029"; "\\u2029");
      def mark($field; $key; $value):
        if $value == null
        then if ((.[$field] // {}) | has($key)) then del(.[$field][$key]) | (if .[$field] == {} then del(.[$field]) else . end) else . end
        else .[$field] = ((.[$field] // {}) + {($key): $value}) end;
      def annotated: mark("annotations"; $annotation; if $direction == "back" then null else $decorator end);
      def marks($uid):
        annotated | if $generated and $last_applied then mark("labels"; $own_label; if $direction == "back" or $direction == "marks" then $uid else null end) else . end;
      .items[]
      | (.metadata.ownerReferences // [] | map(select(.controller)) | .[0].uid) as $uid
      | select($uid != null and ($uids[0] | index($uid)) and .metadata.deletionTimestamp == null)
      | .metadata as $before
      | (.metadata.annotations // {})[$applied] as $text
      | (if $last_applied and $text != null then $text | fromjson else null end) as $last
      | ($before | if $keep then annotated else marks($uid) end) as $after
      | (if $last == null then null
         else $last | .metadata |= marks($uid)
           | if $fill and .metadata.namespace == null and $before.namespace != null then .metadata.namespace = $before.namespace else . end
           | go end) as $rewritten
      | (if $rewritten == null or ($last | .metadata | marks($uid)) == $last.metadata and ($fill | not) then $text else $rewritten end) as $wanted
      | select($after != $before or $wanted != $text)
      | {resource: $resource, namespace: ($before.namespace // ""), name: $before.name,
         exact: ($last == null or $wanted == $text or ($last | go) == $text),
         only_label: ($direction == "forward" and $wanted == $text and ($before | annotated) == $before),
         patch: {metadata: {uid: $before.uid, resourceVersion: $before.resourceVersion,
           annotations: ({($annotation): ($after.annotations // {})[$annotation]} + if $wanted == $text then {} else {($applied): $wanted} end),
           labels: (if $generated and $last_applied and ($keep | not) then {($own_label): ($after.labels // {})[$own_label]} else {} end)}}}' >>"$work/patches"
  done
}

# Objects whose last-applied configuration cannot be spelled as Go would: patched by hand or written once.
inexact() { jq -r 'select(.exact | not) | "\(.resource) \(.namespace)/\(.name)"' "$work/patches"; }

count() { grep -c . "$1" || true; }

tell_counts() {
  local total
  total=$(count "$work/patches")
  jq -r '.resource' "$work/patches" | sort | uniq -c
  echo "$total objects need a patch$( (( total == 0 )) || echo "; about $(( total / 5 + 1 )) seconds")"
  if [[ -n $(inexact) ]]; then
    echo "not patched, since their last-applied configuration cannot be spelled again exactly:"; inexact
  fi
}

patch_objects() {
  local done=0 total patch resource namespace name
  jq -c 'select(.exact)' "$work/patches" >"$work/exact"
  jq -r '[.resource, .namespace, .name] | join("|")' "$work/exact" >"$work/names"
  jq -c .patch "$work/exact" >"$work/bodies"
  total=$(count "$work/names")
  while IFS='|' read -r resource namespace name <&3 && IFS= read -r patch <&4; do
    if (( done % BATCH == 0 )) && [[ $task != annotate ]]; then stop_if_running; fi
    # By a file, not an argument: the last-applied configuration of a Secret holds its data.
    printf '%s' "$patch" >"$work/patch"
    "$KUBECTL" patch "$resource" "$name" ${namespace:+--namespace "$namespace"} --type merge --patch-file "$work/patch" >/dev/null
    done=$(( done + 1 ))
    (( done % BATCH == 0 || done == total )) && echo "$done of $total"
  done 3<"$work/names" 4<"$work/bodies"
  [[ -z $(inexact) ]] || exit 3
}

#@STEPS@

remove_finalizers() {
  local finalizer kind name resource
  if [[ $DIRECTION == back ]]; then kind=decorator name=$DECORATOR; else kind=composite name=$COMPOSITE; fi
  finalizer=metacontroller.io/${kind}controller-$name
  if [[ -n $("$KUBECTL" get "${kind}controller" "$name" -o name --ignore-not-found) ]]; then
    echo "${kind}controller $name is still there and would put its finalizer back" >&2; exit 1
  fi
  for resource in $PARENTS; do
    "$KUBECTL" get "$resource" --all-namespaces -o json | jq -c --arg resource "$resource" --arg finalizer "$finalizer" '
      .items[] | select((.metadata.finalizers // []) | index($finalizer))
      | {resource: $resource, namespace: (.metadata.namespace // ""), name: .metadata.name, exact: true,
         patch: {metadata: {uid: .metadata.uid, resourceVersion: .metadata.resourceVersion,
                            finalizers: (.metadata.finalizers - [$finalizer])}}}'
  done >"$work/patches"
  echo "$(count "$work/patches") parents carry $finalizer"
  task=annotate
  if $apply; then patch_objects; fi
  if [[ $DIRECTION == forward ]]; then remove_labels; fi
}

# The label that was kept while the CompositeController was there.
remove_labels() {
  find_patches
  jq -c 'select(.only_label)' "$work/patches" >"$work/labels"; mv "$work/labels" "$work/patches"
  echo "$(count "$work/patches") objects carry the label $LABEL, which nobody reads any more"
  if $apply; then patch_objects; fi
}

settle_names
case $task in
  finalizers) remove_finalizers; exit ;;
esac
find_patches
case $task in
  check)
    # The label alone keeps nobody from anything: no controller that is there reads or writes it.
    jq -c 'select(.only_label | not)' "$work/patches" >"$work/needed"; mv "$work/needed" "$work/patches"
    tell_counts
    if [[ -n $(metacontrollers) ]]; then echo "Metacontroller runs"; else echo "no Metacontroller runs"; fi
    [[ ! -s $work/patches ]] || exit 3
    ;;
  annotate)
    tell_counts
    echo "Each kind updated InPlace is written once by the switch, each one updated by Recreate is deleted and recreated once:"
    jq -r '.[].spec | (.childResources // .attachments // [])[] | "   \(.resource): \(.updateStrategy.method // "OnDelete")"' "$work/controllers" | sort -u
    if $apply; then patch_objects; fi
    ;;
  plan)
    if $apply; then stop_if_running; patch_objects; else tell_steps; echo; tell_counts; fi
    ;;
esac
