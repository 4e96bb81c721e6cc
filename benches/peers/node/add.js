// Adds a member with PandaDoc's official client, as many times as each line of standard input says.
//
// add.js BASE_URL WORKSPACE USER; answers each line with seconds on the wall and seconds of CPU time.
"use strict";

const readline = require("node:readline");
const pandadoc = require("pandadoc-node-client");

const [base, workspaceId, userId] = process.argv.slice(2);
const configuration = pandadoc.createConfiguration({
  baseServer: new pandadoc.ServerConfiguration(base, {}),
  authMethods: { apiKey: "API-Key made-up" },
});
const api = new pandadoc.UserAndWorkspaceManagementApi(configuration);

async function main() {
  for await (const line of readline.createInterface({ input: process.stdin })) {
    const [wall, cpu] = [process.hrtime.bigint(), process.cpuUsage()];
    for (let left = Number(line); left > 0; left -= 1) {
      const added = await api.addMember({
        workspaceId,
        addMemberRequest: { userId, role: "Member" },
        notifyUser: false,
        notifyWsAdmins: false,
      });
      if (added.role !== "Member") throw new Error(`unexpected answer: ${JSON.stringify(added)}`);
    }
    const spent = process.cpuUsage(cpu);
    console.log(Number(process.hrtime.bigint() - wall) / 1e9, (spent.user + spent.system) / 1e6);
  }
}

main();
