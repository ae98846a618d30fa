"""An embedded Kubernetes API server, in memory: for the demo and the fast tests.

The parts, from the inside out (each imports only what stands above it):

    objects, errors, field_errors, selectors    words that all others use
    store                                       versioned objects and their history, no Kubernetes rules
    schema, validation, cel                     structural schemas: pruning, defaults, checks, rules
    patches, strategic, fieldsets, apply        how a request changes an object
    resources, builtins, metadata, events       what kinds there are and their own rules
    reads, writes, deletion                     the generic registry: LIST and GET, create, update, delete
    controllers                                 of namespaces and CRDs, without which nothing would ever be deleted
    workloads                                   pods, what makes them, what they are owned by, and how many may be disrupted
    tables, discovery, openapi, representation  what clients see
    faults, ledger, watch                       what goes wrong on demand, and what was asked
    server, admin, client                       HTTP
"""
