"""The data plane of EKS Fargate: takes the pods that a profile matches, gives each a node of its own, and plays its kubelet.

A client of two APIs: a Kubernetes API server, real or embedded, and the simulated EKS. The parts, from the inside out:

    marks, matching, eligibility, aws_auth      EKS's decisions: which profile takes a pod, whether it can run, who is let in
    addresses, nodes, statuses, lifecycle       what a pod gets, what is written about it, and what comes next for it
    settings                                    delays, and faults on demand
    kubernetes, informer, events, eks           the two APIs
    pod, plane                                  one worker a pod, and all of them together
    server                                      the program

Where it must differ from EKS, since it is a client and no webhook:

* EKS marks a pod in admission, before anybody sees it. Here the marks come by a patch right after the pod was made.
* EKS also sets `schedulerName: fargate-scheduler` and the priority class `system-node-critical`. Both are immutable in a pod that
  exists, so they stay as they were made; the events and the node are the fargate-scheduler's all the same.
* EKS's control plane has the default scheduler beside its own. No scheduler runs here: on a cluster without other nodes this program
  says in its name that there is no node, once; with other nodes, pods that no profile matches are left to whoever schedules there.
* Pods that were made before their profile became ACTIVE are left Pending, as by EKS, if this program saw them before that. What was made
  while it did not run is judged when it does.
* Whether logging is on (ConfigMap aws-observability/aws-logging) is not looked at, and probes are not asked.
"""
