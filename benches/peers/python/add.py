"""Adds a member with PandaDoc's official client, as many times as each line of standard input says.

add.py BASE_URL WORKSPACE USER; answers each line with seconds on the wall and seconds of CPU time.
"""

import sys
import time

import pandadoc_client
from pandadoc_client.api import user_and_workspace_management_api
from pandadoc_client.model.add_member_request import AddMemberRequest

base, workspace, user = sys.argv[1:]
configuration = pandadoc_client.Configuration(host=base, api_key={"apiKey": "API-Key made-up"})
with pandadoc_client.ApiClient(configuration) as client:
    api = user_and_workspace_management_api.UserAndWorkspaceManagementApi(client)
    for line in sys.stdin:
        wall, cpu = time.perf_counter(), time.process_time()
        for _ in range(int(line)):
            request = AddMemberRequest(user_id=user, role="Member")
            added = api.add_member(workspace, request, notify_user=False, notify_ws_admins=False)
            if str(added.role) != "Member":
                sys.exit(f"unexpected answer: {added}")
        print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
