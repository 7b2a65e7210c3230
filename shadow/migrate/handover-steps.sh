# Part of handover.sh: what it tells to do by hand, before and after what it does itself.

# Who would start Metacontroller again, or bring back a controller that was deleted; then how to stop it.
tell_gitops() {
  "$KUBECTL" get statefulsets,deployments --all-namespaces -o json | jq -r --slurpfile controllers "$work/controllers" '
    def suspended:
      (.metadata.labels // {}) as $l | (.metadata.annotations // {}) as $a
      | (if $a["argocd.argoproj.io/tracking-id"] then "   Argo CD: switch off automated sync of application \($a["argocd.argoproj.io/tracking-id"] | split(":")[0])"
         elif $l["argocd.argoproj.io/instance"] then "   Argo CD: switch off automated sync of application \($l["argocd.argoproj.io/instance"])" else empty end),
        (if $l["kustomize.toolkit.fluxcd.io/name"] then "   flux suspend kustomization \($l["kustomize.toolkit.fluxcd.io/name"]) --namespace \($l["kustomize.toolkit.fluxcd.io/namespace"] // "flux-system")" else empty end),
        (if $l["helm.toolkit.fluxcd.io/name"] then "   flux suspend helmrelease \($l["helm.toolkit.fluxcd.io/name"]) --namespace \($l["helm.toolkit.fluxcd.io/namespace"] // "flux-system")" else empty end);
    [.items[] | select(any(.spec.template.spec.containers[]; .image | test("(^|/)metacontroller([:@]|$)")))] as $running
    | ([($running + $controllers[0])[] | suspended] | unique[]),
      ($running[] | "   kubectl --namespace \(.metadata.namespace) scale \(.kind | ascii_downcase) \(.metadata.name) --replicas 0")'
}

tell_steps() {
  echo "context: $("$KUBECTL" config current-context 2>/dev/null || echo unknown)"
  case $DIRECTION in
    forward) cat <<STEPS
 1. Suspend what would undo the steps, then stop Metacontroller:
$(tell_gitops)
 2. kubectl delete compositecontroller $COMPOSITE   deletes no object; apply its manifest again to undo.
    From here on a Metacontroller that is started by mistake has nobody to undo step 3 for.
 3. bash $0 --apply                          patches the objects below; undone by the direction back
 4. kubectl apply --filename DECORATORCONTROLLER    DecoratorController $DECORATOR, calling the proxy
 5. bash $0 --check                          must say that nothing is missing
 6. Start Metacontroller. No object may be written: the audit log and \`shadow status\` show it.
 7. bash $0 --finalizers --apply             the only step that is not undone by going back: do it last
STEPS
      ;;
    back) cat <<STEPS
 1. Suspend what would undo the steps, then stop Metacontroller:
$(tell_gitops)
    A CompositeController for a core type (a Namespace) runs on Metacontroller before 3.0.0 only.
 2. kubectl delete decoratorcontroller $DECORATOR   deletes no object
 3. bash $0 --apply                          patches the objects below; undone by the direction forward
 4. kubectl apply --filename COMPOSITECONTROLLER    CompositeController $COMPOSITE
 5. bash $0 --check                          must say that nothing is missing
 6. Start Metacontroller. No object may be written. One that lacks its label would be released by its parent.
 7. bash $0 --finalizers --apply
STEPS
      ;;
    marks) cat <<STEPS
 1. Suspend what would undo the steps, then stop Metacontroller:
$(tell_gitops)
 2. bash $0 --apply                          patches the objects below; undone by the direction back or out
 3. Switch \`ownership\` on in the proxy's configuration: decorator $DECORATOR, generate_selector $GENERATE_SELECTOR.
    shadow status --wait-digest says when it is in force.
 4. bash $0 --check                          must say that nothing is missing
 5. Start Metacontroller. No object may be written, and no \`mark-withheld\` is told.
STEPS
      ;;
    out) cat <<STEPS
 1. If any object below needs a patch (the proxy wrote the label \`$LABEL\`): suspend and stop Metacontroller:
$(tell_gitops)
 2. bash $0 --apply                          only if step 1 was needed
 3. Point DecoratorController $DECORATOR at the new hook itself: its webhook's url.
 4. bash $0 --check, then start Metacontroller if it was stopped.
 5. Watch one resync. Then the proxy may go; keep its volume until you are sure.
#@OUT@
STEPS
      ;;
  esac
}
