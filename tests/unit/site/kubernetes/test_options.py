"""What a run directory keeps of the cluster, read again by a later version."""

from __future__ import annotations

import json

from clearway.kube.access import Access
from clearway.site.kubernetes.options import OPTIONS, KubernetesOptions, dump_options


def test_what_an_older_file_does_not_say_is_as_it_is_by_default() -> None:
    options = KubernetesOptions(Access(context="mine"), namespace="elsewhere")
    saved = json.loads(dump_options(options))
    del saved["workers"], saved["brake"]
    assert OPTIONS.decode(saved) == options
