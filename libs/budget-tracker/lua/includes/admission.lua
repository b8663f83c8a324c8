-- Refuses to set `amount` and `units` aside where the budget is shut or they would pass a limit, or one is passed already.
if ledger.isClosed then
  return reply("CLOSED", ledger)
end
if ledger.frozen then
  return reply("FROZEN", ledger)
end
if ledger.carve == "pending" then
  return reply("PENDING", ledger)
end
if ledger.ended then
  return reply("WINDOW_ENDED", ledger)
end
if ledger.spent + ledger.held + amount > ledger.limit then
  return reply("BUDGET_EXCEEDED", ledger, "usd")
end
if ledger.units then
  for _, unit in ipairs(ledger.units) do
    if unit.spent + unit.held + (units and units[unit.at] or 0) > unit.limit then
      return reply("BUDGET_EXCEEDED", ledger, unit.name)
    end
  end
end
if ledger.exceeded then
  -- Another may have set it.
  return reply("BUDGET_EXCEEDED", ledger, "usd")
end
